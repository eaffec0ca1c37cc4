package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/backstory-go/backstory/engine"
)

// caughtUp waits until everybody who follows the log, reactions too, has seen
// everything, and no command waits: what is measured next has the machine alone.
func (b *bench) caughtUp(ctx context.Context) error {
	head, err := b.eng.Head(ctx)
	if err != nil {
		return err
	}
	if err := b.eng.Projected(ctx, projection, head); err != nil {
		return err
	}
	for {
		status, err := b.eng.Status(ctx)
		if err != nil || done(status) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("catch up: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// tidied does what the rows before left for PostgreSQL to do in the background: to
// vacuum and count what they stored, and to write it to its place.
func (b *bench) tidied(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, b.URL)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range []string{"VACUUM (ANALYZE)", "CHECKPOINT"} {
		_, err := conn.Exec(ctx, statement)
		if e, ok := errors.AsType[*pgconn.PgError](err); err != nil && (!ok || e.Code != notAllowed) {
			return fmt.Errorf("tidy up: %w", err)
		}
	}
	return nil
}

// notAllowed is PostgreSQL's answer to those that may not write a checkpoint.
const notAllowed = "42501"

func done(s engine.SystemStatus) bool {
	return s.Commands.Pending == 0 && s.Commands.Settling == 0 &&
		!slices.ContainsFunc(s.Consumers, func(c engine.ConsumerStatus) bool { return c.LagEvents > 0 })
}
