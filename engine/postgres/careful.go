package postgres

import (
	"context"
	"maps"
	"slices"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// A handler may end its process, too. Whoever takes a slot from an owner that died
// takes the next messages one at a time, each try recorded first, and more of them
// the more owners died in a row.

const (
	carefulMost = 64
	inHandMost  = max(page, batchMost) // messages that may be handled at a time
)

// carefully is how many messages are taken one at a time after a number of deaths:
// each time more, until it is what may have been in hand.
func carefully(deaths int) int { return min(carefulMost<<(2*min(deaths-1, 4)), inHandMost) }

// proved is called when what the owners before died over is behind the runner.
func (r *runner) proved(ctx context.Context) error {
	err := r.e.sql.TrialEnd(ctx, enginedb.TrialEndParams{Consumer: r.c.name, Slots: slices.Collect(maps.Keys(r.slots)), Owner: r.e.id})
	if err == nil {
		r.proving, r.careful = 0, 0
	}
	return err
}
