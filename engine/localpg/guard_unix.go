//go:build unix

package localpg

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// guardScript waits until nobody has the pipe open for writing, which the kernel tells it however the members ended.
//
// It keeps the server for a grace period ($3, in seconds), so that a program that is restarted finds it. Then it must be the one to
// rename the pipe ($1): a member that closed in order, or a newcomer that took the server over, has removed it. Whoever
// opened the pipe just before the renaming is waited for by the second cat. The server's id is read before the
// renaming, so that it is never that of a server started later, and checked against the data folder ($2).
const guardScript = `
cat >/dev/null
grace=$3
while [ -p "$1" ] && [ "$grace" -gt 0 ]; do
	sleep 1
	grace=$((grace - 1))
done
pid=$(head -n 1 "$2/postmaster.pid" 2>/dev/null)
mv "$1" "$1.fired" 2>/dev/null || exit 0
cat >/dev/null
rm -f "$1.fired"
[ -n "$pid" ] || exit 0
if [ -r "/proc/$pid/cmdline" ]; then tr '\0' ' ' <"/proc/$pid/cmdline"; else ps -o command= -p "$pid"; fi |
	grep -qF -e "-D $2 " && kill -INT "$pid"
`

// newGuard makes a pipe and starts the shell that reads it. Without FIFOs or a shell there is no guard: a killed
// program then leaves its server to the next Start.
func (c *cluster) newGuard() *guard {
	g, reader, err := c.newPipe()
	if err != nil {
		c.cfg.Log.Debug("no guard for PostgreSQL", "error", err)
		return nil
	}
	defer reader.Close()
	grace := strconv.Itoa(int(math.Ceil(c.cfg.grace.Seconds())))
	cmd := exec.Command("sh", "-c", guardScript, "backstory-guard", g.path, c.data, grace)
	cmd.Stdin, cmd.Dir = reader, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is for the program, not for its guard
	if err := cmd.Start(); err != nil {
		c.cfg.Log.Debug("no guard for PostgreSQL", "error", err)
		g.dismiss()
		g.leave()
		return nil
	}
	// The guard may outlive this process; the goroutine only collects its exit status.
	g.done = make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(g.done)
	}()
	return g
}

// newPipe makes a FIFO, after clearing away those of earlier generations, and opens both ends: the reader first, as
// opening the writer fails without one.
func (c *cluster) newPipe() (*guard, *os.File, error) {
	old, _ := filepath.Glob(filepath.Join(c.dir, guardName+"*"))
	for _, path := range old {
		_ = os.Remove(path)
	}
	path := filepath.Join(c.dir, guardName+newID())
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return nil, nil, &os.PathError{Op: "mkfifo", Path: path, Err: err}
	}
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	writer, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		_ = reader.Close()
		return nil, nil, err
	}
	// The shell's cat must block; Fd alone is documented to do this on some systems only.
	if err := syscall.SetNonblock(int(reader.Fd()), false); err != nil {
		_ = reader.Close()
		_ = writer.Close()
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return &guard{path: path, end: writer}, reader, nil
}

// joinGuard opens the other members' pipe; nil means that it is gone or nobody reads it.
func (c *cluster) joinGuard(name string) *guard {
	path := filepath.Join(c.dir, filepath.Base(name))
	end, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	return &guard{path: path, end: end}
}
