package engine

import (
	"errors"
	"time"
)

// Patient is an error that says how long to wait before what failed is tried again,
// as services outside do with Retry-After. A reaction returns it, wrapped or not:
// the message is held for at least that long, though for no more than MostPatience,
// and the try counts like any other.
type Patient interface {
	error
	RetryAfter() time.Duration // 0 or less: after the pause that is usual
}

// MostPatience is the longest that a Patient error makes a message wait.
const MostPatience = time.Hour

// PatienceOf is how long an error asks to wait; 0: it does not.
func PatienceOf(err error) time.Duration {
	patient, ok := errors.AsType[Patient](err)
	if !ok {
		return 0
	}
	return min(max(patient.RetryAfter(), 0), MostPatience)
}
