//go:build !unix

package bench

import "time"

// used is not known here.
func used() time.Duration { return 0 }

// mostFiles is a guess.
func mostFiles() int { return 1_024 }
