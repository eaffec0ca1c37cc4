//go:build unix

package localpg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that PostgreSQL's programs run as.
type account struct {
	name     string
	uid, gid int
	other    bool // not the user of this process, who is root
}

// accountFor chooses the user: this process's, but for root, which PostgreSQL refuses, the owner of the data that
// exist, or else postgres or nobody.
func accountFor(data string) (account, error) {
	self := account{name: "user " + strconv.Itoa(os.Geteuid()), uid: os.Geteuid(), gid: os.Getegid()}
	owner, exists := ownerOf(data)
	if self.uid != 0 {
		if exists && owner.uid != self.uid {
			return account{}, fmt.Errorf("localpg: %s belongs to %s and PostgreSQL runs only as its owner: "+
				"work as that user, or move the folder away", data, owner.name)
		}
		return self, nil
	}
	if exists && owner.uid != 0 {
		return owner, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if found, err := user.Lookup(name); err == nil {
			uid, uidErr := strconv.Atoi(found.Uid)
			gid, gidErr := strconv.Atoi(found.Gid)
			if uidErr == nil && gidErr == nil && uid > 0 {
				return account{name: name, uid: uid, gid: gid, other: true}, nil
			}
		}
	}
	return account{}, errors.New("localpg: PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")
}

// ownerOf returns the account that a file belongs to.
func ownerOf(path string) (account, bool) {
	info, err := os.Lstat(path)
	if err != nil {
		return account{}, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return account{}, false
	}
	return account{name: fmt.Sprintf("user %d", stat.Uid), uid: int(stat.Uid), gid: int(stat.Gid), other: true}, true
}

// apply makes a program run as the account.
func (a account) apply(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	if a.other {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
}

// detach makes a program run as the account and in a session of its own, so that a terminal's Ctrl-C does not end it
// before the programs that use it.
func (a account) detach(cmd *exec.Cmd) {
	a.apply(cmd)
	cmd.SysProcAttr.Setsid = true
}

// own gives a folder of ours and all in it to the account, when root runs the server as another user.
func (a account) own(dir string) error {
	if !a.other {
		return nil
	}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if owner, ok := ownerOf(path); err != nil || ok && owner.uid == a.uid && owner.gid == a.gid {
			return err
		}
		return os.Lchown(path, a.uid, a.gid)
	})
	if err != nil {
		return fmt.Errorf("localpg: give %s to %s: %w", dir, a.name, err)
	}
	return nil
}

// reaches reports whether the account can get to a folder, by trying: rights come from modes, lists and mounts.
func (a account) reaches(ctx context.Context, p programs, dir string) bool {
	if !a.other {
		return true
	}
	cmd := exec.CommandContext(ctx, p.postgres, "--version")
	cmd.Dir = dir // entered after the change of user
	a.apply(cmd)
	return cmd.Run() == nil
}

// mayRelocate reports whether the data may lie elsewhere: only root's server has another user.
func mayRelocate() bool { return os.Geteuid() == 0 }

// makeRefuge makes the folder for relocated data. Its name can be guessed by anybody who may write to /var/tmp, so one
// that another user has made is refused.
func makeRefuge(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("localpg: make a folder that the server's user can reach: %w", err)
	}
	if err := checkRefuge(dir); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the umask may have closed it
		return fmt.Errorf("localpg: open %s to the server's user: %w", dir, err)
	}
	return nil
}

// checkRefuge refuses a folder for relocated data that is not root's own.
func checkRefuge(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("localpg: look at %s: %w", dir, err)
	}
	if owner, ok := ownerOf(dir); !info.IsDir() || !ok || owner.uid != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("localpg: %s is not a folder of this user alone: remove it", dir)
	}
	return nil
}

// signal ends a server. The caller has made sure with isServer that the process is one.
func signal(pid int, how shutdown) error {
	signals := map[shutdown]syscall.Signal{
		fastShutdown: syscall.SIGINT, immediateShutdown: syscall.SIGQUIT, crash: syscall.SIGKILL,
	}
	return syscall.Kill(pid, signals[how])
}
