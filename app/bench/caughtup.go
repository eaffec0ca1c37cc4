package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

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

func done(s engine.SystemStatus) bool {
	return s.Commands.Pending == 0 && s.Commands.Settling == 0 &&
		!slices.ContainsFunc(s.Consumers, func(c engine.ConsumerStatus) bool { return c.LagEvents > 0 })
}
