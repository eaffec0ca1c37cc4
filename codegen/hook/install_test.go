package hook_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestBypass(t *testing.T) {
	r := newRepo(t, "")
	r.put("schemas/shop/cart/commands/add.json", "wrong")
	r.git("add", "schemas")
	if out, err := r.try([]string{"BACKSTORY_HOOK=0"}, "git", "commit", "-q", "-m", "x"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestOtherHooksRunToo(t *testing.T) {
	r := newRepo(t, "")
	r.put(".git/hooks/pre-commit", "#!/bin/sh\necho theirs ran; test ! -e stop\n")
	if err := os.Chmod(filepath.Join(r.dir, ".git/hooks/pre-commit"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.put("other.txt", "b\n")
	if said := r.commit("-a"); !strings.Contains(said, "theirs ran") {
		t.Errorf("it said %q", said)
	}
	r.add("drop")
	r.git("add", "schemas")
	if said := r.commit(); !strings.Contains(said, "theirs ran") {
		t.Errorf("it said %q", said)
	}
	r.committed()
	r.put("stop", "")
	r.put("other.txt", "c\n")
	if out, err := r.try(nil, "git", "commit", "-a", "-m", "x"); err == nil {
		t.Errorf("their refusal was ignored: %s", out)
	}
}

func TestForeignHooksPathIsRefused(t *testing.T) {
	r := newRepo(t, "")
	r.git("config", "core.hooksPath", "their/hooks")
	out, err := r.try(nil, compiler, "hook", "install")
	if failed, ok := errors.AsType[*exec.ExitError](err); !ok || failed.ExitCode() != 2 || !strings.Contains(out, "their/hooks") {
		t.Errorf("%v: %s", err, out)
	}
	if got := strings.TrimSpace(r.git("config", "core.hooksPath")); got != "their/hooks" {
		t.Errorf("core.hooksPath is %s", got)
	}
	r.run(compiler, "hook", "install", "--force")
	if got := strings.TrimSpace(r.git("config", "core.hooksPath")); got != "scripts/githooks" {
		t.Errorf("core.hooksPath is %s", got)
	}
	r.run(compiler, "hook", "uninstall")
	if got := strings.TrimSpace(r.git("config", "core.hooksPath")); got != "their/hooks" {
		t.Errorf("core.hooksPath is %s", got)
	}
}

func TestUninstall(t *testing.T) {
	r := newRepo(t, "")
	r.run(compiler, "hook", "uninstall")
	r.put("schemas/shop/cart/commands/add.json", "wrong")
	r.commit("-a")
	if said := r.run(compiler, "hook", "uninstall"); !strings.Contains(said, "not installed") {
		t.Errorf("it said %s", said)
	}
}

func TestWithoutGo(t *testing.T) {
	r := newRepo(t, "")
	tools := t.TempDir()
	for _, name := range []string{"git", "sh", "dirname", "grep"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err) // git itself needs them
		}
		if err := os.Symlink(path, filepath.Join(tools, name)); err != nil {
			t.Fatal(err)
		}
	}
	r.add("drop")
	r.git("add", "schemas")
	out, err := r.try([]string{"PATH=" + tools, "BACKSTORY_CODEGEN="}, "git", "commit", "-m", "x")
	if err == nil || !strings.Contains(out, "need the go command") {
		t.Errorf("%v: %s", err, out)
	}
}

// The hook of this repository is a copy of the one that install writes.
func TestTrackedScript(t *testing.T) {
	want, err := os.ReadFile("pre-commit")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../scripts/githooks/pre-commit")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("scripts/githooks/pre-commit differs from codegen/hook/pre-commit: copy the one over the other")
	}
	if info, err := os.Stat("../../scripts/githooks/pre-commit"); err != nil || info.Mode()&0o111 == 0 {
		t.Error("scripts/githooks/pre-commit is not executable")
	}
}
