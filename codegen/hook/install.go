package hook

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/backstory-go/backstory/codegen/plan"
)

// script is the hook that Git runs.
//
//go:embed pre-commit
var script []byte

// Folder is where the hook lies in a project.
const Folder = "scripts/githooks"

const previousKey = "backstory.previoushookspath"

// Install makes Git run the project's hook. It writes the hook's file where
// there is none, and refuses (with a *plan.Wrong) to take the place of another
// core.hooksPath unless forced.
func Install(ctx context.Context, dir string, force bool, log io.Writer) error {
	r, err := start(ctx, dir, nil, log)
	if err != nil {
		return err
	}
	wanted := r.prefix + Folder
	current, _ := r.git.line(ctx, "config", "--get", "core.hooksPath") // an error says "not set"
	if current != "" && current != wanted {
		if !force {
			return &plan.Wrong{Message: fmt.Sprintf("core.hooksPath is %q already; its hooks would not run any more. Call %s/pre-commit from there, or use --force (uninstall restores it)", current, wanted)}
		}
		if _, err := r.git.run(ctx, nil, "config", previousKey, current); err != nil {
			return err
		}
	}
	if err := writeScript(filepath.Join(r.dir, filepath.FromSlash(Folder), "pre-commit"), force, log); err != nil {
		return err
	}
	if _, err := r.git.run(ctx, nil, "config", "core.hooksPath", wanted); err != nil {
		return err
	}
	say(log, "core.hooksPath is %s: each commit brings its generated files up to date (BACKSTORY_HOOK=0 skips it)", wanted)
	return r.warnOfHidden(ctx)
}

func writeScript(file string, force bool, log io.Writer) error {
	old, err := readFile(file)
	if err != nil {
		return err
	}
	if old != nil && !bytes.Equal(old, script) && !force {
		say(log, "%s is not as this compiler has it and stays; --force replaces it", file)
		return os.Chmod(file, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if !bytes.Equal(old, script) {
		if err := os.WriteFile(file, script, 0o755); err != nil {
			return err
		}
	}
	return os.Chmod(file, 0o755)
}

// warnOfHidden names the hooks in .git/hooks that Git does not run any more.
// pre-commit is called by ours.
func (r *run) warnOfHidden(ctx context.Context) error {
	common, err := r.git.line(ctx, "rev-parse", "--git-common-dir")
	if err != nil {
		return err
	}
	if !filepath.IsAbs(common) {
		common = filepath.Join(r.git.dir, common)
	}
	entries, err := os.ReadDir(filepath.Join(common, "hooks"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool {
		info, err := e.Info()
		return err != nil || e.IsDir() || info.Mode()&0o111 == 0 || strings.Contains(e.Name(), ".")
	})
	for _, e := range entries {
		if e.Name() == "pre-commit" {
			say(r.log, "your .git/hooks/pre-commit runs after it")
			continue
		}
		say(r.log, "Git does not run your .git/hooks/%s while core.hooksPath is set: copy it to %s if you need it", e.Name(), Folder)
	}
	return nil
}

// Uninstall takes the hook out of Git's settings and restores what a forced
// Install replaced. The hook's file stays: it belongs to the project.
func Uninstall(ctx context.Context, dir string, log io.Writer) error {
	r, err := start(ctx, dir, nil, log)
	if err != nil {
		return err
	}
	current, _ := r.git.line(ctx, "config", "--local", "--get", "core.hooksPath")
	if current != r.prefix+Folder {
		say(log, "the hook is not installed")
		return nil
	}
	previous, _ := r.git.line(ctx, "config", "--local", "--get", previousKey)
	change := []string{"config", "--local", "--unset", "core.hooksPath"}
	if previous != "" {
		change = []string{"config", "--local", "core.hooksPath", previous}
	}
	if _, err := r.git.run(ctx, nil, change...); err != nil {
		return err
	}
	if previous != "" {
		if _, err := r.git.run(ctx, nil, "config", "--local", "--unset", previousKey); err != nil {
			return err
		}
		say(log, "core.hooksPath is %s again", previous)
		return nil
	}
	say(log, "core.hooksPath is not set any more")
	return nil
}

// Script is the hook that Install writes, for those who write a project's files
// themselves. It must be executable.
func Script() []byte { return bytes.Clone(script) }
