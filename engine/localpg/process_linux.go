package localpg

import (
	"bytes"
	"fmt"
	"os"
	"slices"
)

// isServer reports whether a process lives and is a PostgreSQL server on this data folder, by its command line: a
// recycled process id is another program, and a zombie has no command line.
func isServer(pid int, data string) bool {
	if pid <= 1 {
		return false
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return false
	}
	args := bytes.Split(text, []byte{0})
	at := slices.IndexFunc(args, func(arg []byte) bool { return string(arg) == "-D" })
	return at >= 0 && at+1 < len(args) && string(args[at+1]) == data
}
