//go:build unix && !linux

package localpg

import (
	"os/exec"
	"strconv"
	"strings"
)

// isServer reports whether a process lives and is a PostgreSQL server on this data folder, by its command line: a
// recycled process id is another program, and a zombie shows none.
func isServer(pid int, data string) bool {
	if pid <= 1 {
		return false
	}
	out, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(out)+" ", "-D "+data+" ")
}
