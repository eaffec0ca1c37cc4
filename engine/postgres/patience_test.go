package postgres_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
)

// busy is what a service outside answers that wants to be left alone.
type busy time.Duration

func (busy) Error() string                 { return "too many requests" }
func (b busy) RetryAfter() time.Duration   { return time.Duration(b) }
func (b busy) wrapped(m engine.Meta) error { return fmt.Errorf("%s: %w", m.Stream.ID, b) }

// TestRetryAfter_IsWaitedFor: a message waits as long as its failure asks, but not
// for days; others do not wait, and it is no other message's pause.
func TestRetryAfter_IsWaitedFor(t *testing.T) {
	t.Parallel()
	url := database(t)
	var tries atomic.Int64
	asks := map[string]busy{"minutes": busy(10 * time.Minute), "days": busy(72 * time.Hour)}
	e := started(t, noting(url, hooks{deposited: func(m engine.Meta) error {
		if b, ok := asks[m.Stream.ID]; ok {
			tries.Add(1)
			return b.wrapped(m)
		}
		return nil
	}}))
	settled(t, e, command("deposit", "minutes", 1))
	settled(t, e, command("deposit", "days", 1))
	settled(t, e, command("deposit", "others", 1))
	for account, want := range map[string]int64{"minutes": 600, "days": 3600} {
		eventually(t, account+" is held for as long as was asked", func() bool {
			seconds := one[int64](t, url, fmt.Sprintf(`SELECT coalesce(max(round(extract(epoch FROM next_at - first_at))), 0)::bigint
				FROM backstory.held WHERE key = 'bank.account/%s' AND parked_at IS NULL AND attempts = 1`, account))
			return seconds == want
		})
	}
	eventually(t, "another account goes on", func() bool {
		return one[int64](t, url, `SELECT count(*) FROM backstory.events WHERE stream = 'bank.ledger/others'`) == 1
	})
	if n := tries.Load(); n != 2 {
		t.Errorf("%d tries, want one each", n)
	}
}
