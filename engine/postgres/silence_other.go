//go:build !linux

package postgres

import "syscall"

// boundSilence leaves it to the keepalive: the option is Linux's.
func boundSilence(string, string, syscall.RawConn) error { return nil }
