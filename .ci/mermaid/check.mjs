// Parses every Mermaid block of the Markdown files given as arguments with the
// real parser, and fails when one does not parse or when there is none at all.
import { readFileSync } from 'node:fs';
import { JSDOM } from 'jsdom';

const dom = new JSDOM('<!doctype html><body></body>');
globalThis.window = dom.window;
globalThis.document = dom.window.document;
const { default: mermaid } = await import('mermaid');

let blocks = 0;
let faults = 0;
for (const file of process.argv.slice(2)) {
  const text = readFileSync(file, 'utf8');
  for (const match of text.matchAll(/^```mermaid\r?\n([\s\S]*?)^```/gm)) {
    blocks++;
    const line = text.slice(0, match.index).split('\n').length;
    try {
      await mermaid.parse(match[1]);
    } catch (error) {
      faults++;
      console.error(`${file}:${line}: ${error.message}`);
    }
  }
}
console.log(`${blocks} Mermaid blocks, ${faults} faults`);
process.exit(faults > 0 || blocks === 0 ? 1 : 0);
