package postgres

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// boundSilence gives a connection up when what it sent is not acknowledged in time.
// Other sockets than TCP have no such network, and no such option.
func boundSilence(network, _ string, conn syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return nil
	}
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silentMost.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
