package localpg

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/windows"
)

// account is the user that PostgreSQL's programs run as: on Windows always this process's.
type account struct{ name string }

// accountFor returns this process's user.
func accountFor(string) (account, error) { return account{name: "this user"}, nil }

// apply changes nothing.
func (a account) apply(*exec.Cmd) {}

// detach puts the server into a process group of its own, which a console's Ctrl-C does not reach.
func (a account) detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}

// own changes nothing.
func (a account) own(string) error { return nil }

// reaches is always true: the server runs as this user.
func (a account) reaches(context.Context, programs, string) bool { return true }

// mayRelocate is false: data never need to lie elsewhere.
func mayRelocate() bool { return false }

// makeRefuge is never called, see mayRelocate.
func makeRefuge(string) error { return nil }

// checkRefuge is never called, see mayRelocate.
func checkRefuge(string) error { return nil }

// isServer reports whether the process lives and runs postgres.exe. Windows offers no cheap look at its command line;
// the server's answers decide whether it is ours.
func isServer(pid int, _ string) bool {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return false
	}
	defer windows.CloseHandle(process)
	var code uint32
	const stillActive = 259
	if windows.GetExitCodeProcess(process, &code) != nil || code != stillActive {
		return false
	}
	name := make([]uint16, windows.MAX_LONG_PATH)
	size := uint32(len(name))
	if windows.QueryFullProcessImageName(process, 0, &name[0], &size) != nil {
		return false
	}
	return strings.EqualFold(filepath.Base(windows.UTF16ToString(name[:size])), "postgres.exe")
}

// signal ends the server. Windows has no signals; its end is a crash, from which the next start recovers.
func signal(pid int, _ shutdown) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Kill()
}
