// Validates pairs of an AsyncAPI and an OpenAPI document, in this order, with their
// official validators. Warnings are shown; an error of any fails.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { Parser } from '@asyncapi/parser';

const files = process.argv.slice(2);
if (files.length === 0 || files.length % 2 > 0) {
  console.error('usage: node check.mjs asyncapi.json openapi.json …');
  process.exit(1);
}

let faults = 0;
const severities = ['error', 'warning', 'info', 'hint'];
for (const file of files.filter((_, i) => i % 2 === 0)) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(file, 'utf8'));
  for (const d of diagnostics) {
    if (d.severity === 0) faults++;
    console.error(`${file}:${d.range.start.line + 1}: ${severities[d.severity]} ${d.code}: ${d.message}`);
  }
  const messages = document?.messages().length ?? 0;
  if (messages === 0) faults++; // also when it is unreadable
  console.log(`${file}: AsyncAPI ${document?.version() ?? 'unreadable'}, ${messages} messages, ${diagnostics.length} diagnostics`);
}

// The commands' paths stand beside the path of an outcome, by contract: POST and
// GET never meet. Redocly tells such paths apart by their text only.
const require = createRequire(import.meta.url);
const redocly = join(dirname(require.resolve('@redocly/cli/package.json')), 'bin', 'cli.js');
const lint = spawnSync(process.execPath, [redocly, 'lint', ...files.filter((_, i) => i % 2 === 1), '--extends=recommended', '--skip-rule=no-ambiguous-paths', '--skip-rule=info-license'], {
  stdio: 'inherit',
  env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
});
if (lint.status !== 0) faults++;
process.exit(faults > 0 ? 1 : 0);
