package postgres_test

import (
	"io"
	"os"
	"os/exec"
	"testing"
)

// spawn makes this test binary another process, which reads in env what it is to be.
// It ends with the test.
func spawn(tb testing.TB, env ...string) *exec.Cmd {
	tb.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	_, err := cmd.StdinPipe() // never written: see endWithParent
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// endWithParent ends a process that was spawned when the other end of its standard
// input is gone, however the test ended.
func endWithParent() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
}
