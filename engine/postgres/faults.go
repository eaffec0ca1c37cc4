package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/backstory-go/backstory/engine"
)

// This file alone knows SQLSTATEs and the names of constraints.

// errFenced means that another process owns the slot by now: nothing was written.
var errFenced = errors.New("the slot has another owner")

// errUnsure means that COMMIT's answer did not say whether it committed.
var errUnsure = errors.New("the answer to COMMIT is not known")

// surroundings says whether an error tells of the database's state and not of
// what was asked of it: such work is tried again for ever and never counted.
// Classes: 08 connection, 25 transaction state (a standby), 40 rollback, 53
// resources, 55 not in the needed state, 57 intervention, 58 system.
func surroundings(err error) bool {
	if errors.Is(err, errUnsure) {
		return true
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pg.Code[:min(2, len(pg.Code))] {
		case "08", "25", "40", "53", "55", "57", "58":
			return true
		}
		return false
	}
	return lost(err)
}

// brokeOff says whether a notice tells that a commit did not wait for its replicas:
// it counts here, but a failover may lose it. Its class is that of every warning,
// and its text is translated.
func brokeOff(n *pgconn.Notice) bool {
	return strings.HasPrefix(n.Code, "01") && n.Routine == "SyncRepWaitForLSN"
}

// stalePlan says whether a prepared statement returns other types by now.
func stalePlan(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "0A000" && pg.Routine == "RevalidateCachedQuery"
}

// streamError is an error of the reader or writer that a caller gave: it may look
// like one of a connection, and is none of the database's.
type streamError struct{ error }

func (e *streamError) Unwrap() error { return e.error }

// lost says whether the connection, not the server, made the error. An error of a
// file has the kernel's number in it, as one of a connection has.
func lost(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*streamError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return false
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded) || pgconn.SafeToRetry(err)
}

// outOfFence says whether checkpoints were to be moved that are another owner's: see
// backstory.require_fence.
func outOfFence(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "BS001"
}

// duplicate says whether an event's id is taken.
func duplicate(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "23505" && pg.ConstraintName == "events_id"
}

// versionTaken says whether a stream's version is stored already.
func versionTaken(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "23505" && pg.ConstraintName == "events_stream_version"
}

// fault turns an error of the database into one that callers branch on, and says
// what was done. ctx's own error stays what it is.
func fault(ctx context.Context, err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	what := fmt.Sprintf(format, args...)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", what, ctx.Err())
	case duplicate(err):
		return fmt.Errorf("%s: %w: %w", what, engine.ErrDuplicate, err)
	case versionTaken(err):
		return fmt.Errorf("%s: %w: %w", what, engine.ErrConflict, err)
	case surroundings(err):
		return fmt.Errorf("%s: %w: %w", what, engine.ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
