package measure

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Unit does one unit of work, for the caller with this number (from 0) the nth time.
type Unit func(ctx context.Context, caller, n int) error

// Rate lets callers do units at the same time for a span, and tells how many a
// second they did together. The first error ends it.
func Rate(ctx context.Context, callers int, span time.Duration, work Unit) (float64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var total atomic.Int64
	var group sync.WaitGroup
	start := time.Now()
	for caller := range callers {
		group.Go(func() {
			for n := 0; time.Since(start) < span && ctx.Err() == nil; n++ {
				if err := work(ctx, caller, n); err != nil {
					cancel(err)
					return
				}
				total.Add(1)
			}
		})
	}
	group.Wait()
	return float64(total.Load()) / time.Since(start).Seconds(), context.Cause(ctx)
}

// Spread is what several rounds measured.
type Spread struct {
	Median float64 `json:"median"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

// SpreadOf summarises rounds; there must be one or more.
func SpreadOf(rounds []float64) Spread {
	sorted := slices.Sorted(slices.Values(rounds))
	return Spread{Median: sorted[len(sorted)/2], Least: sorted[0], Most: sorted[len(sorted)-1]}
}

// Side is one of two that are compared.
type Side func(ctx context.Context) (float64, error)

// Compared is what two sides measured in turns.
type Compared struct {
	Own   Spread `json:"own"`
	Raw   Spread `json:"raw"`
	Ratio Spread `json:"ratio"` // own by raw, of each round
}

// InTurns measures both sides once to warm up, then in turns.
func InTurns(ctx context.Context, rounds int, own, raw Side) (Compared, error) {
	var owns, raws, ratios []float64
	for i := range rounds + 1 {
		r, err := raw(ctx)
		if err != nil {
			return Compared{}, err
		}
		o, err := own(ctx)
		if err != nil {
			return Compared{}, err
		}
		if i > 0 {
			owns, raws, ratios = append(owns, o), append(raws, r), append(ratios, o/r)
		}
	}
	return Compared{Own: SpreadOf(owns), Raw: SpreadOf(raws), Ratio: SpreadOf(ratios)}, nil
}
