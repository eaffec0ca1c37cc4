package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"codegen": main})
}

// TestScripts runs the command line as a person would, each script in a module
// of its own.
func TestScripts(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	goenv, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		t.Fatal(err)
	}
	caches := bytes.Split(bytes.TrimSpace(goenv), []byte("\n"))
	userCache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			// The caches keep the scripts from compiling sqlc and the renderer.
			env.Setenv("GOCACHE", string(caches[0]))
			env.Setenv("GOMODCACHE", string(caches[1]))
			env.Setenv("GOPATH", string(caches[2]))
			env.Setenv("GOFLAGS", "-mod=mod")
			env.Setenv("GOPROXY", "off")
			env.Setenv("XDG_CACHE_HOME", userCache)
			env.Setenv("ROOT", root)
			return copyModuleFiles(root, env.WorkDir)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// copyModuleFiles gives a script's module the versions of this one's
// dependencies, so that it needs no network.
func copyModuleFiles(root, dir string) error {
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o644); err != nil {
		return err
	}
	for _, name := range []string{"tools/go.mod", "tools/go.sum"} {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(dir, "tools"), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	mod = bytes.Replace(mod, []byte("module github.com/backstory-go/backstory"), []byte("module example.com/shop"), 1)
	mod = append(mod, "\nrequire github.com/backstory-go/backstory v0.0.0\nreplace github.com/backstory-go/backstory => "+root+"\n"...)
	return os.WriteFile(filepath.Join(dir, "go.mod"), mod, 0o644)
}

// exits runs a program and compares its exit code: exits 2 codegen check
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program args...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		code = string(rune('0' + failed.ExitCode()))
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}
