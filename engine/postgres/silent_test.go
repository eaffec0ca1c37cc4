package postgres_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// silentMost is how long a process that the network swallows may hold others up.
const silentMost = 12 * time.Second

// The network of a process goes silent in the middle of a transaction: what it sends
// arrives nowhere, nothing comes back, and no connection is closed. The other process
// goes on when the database has ended that transaction and the lease is over; and the
// silent one when the network is back, with nothing lost and nothing done twice.
func TestSilentNetwork_HoldsUpNobodyForLong(t *testing.T) {
	t.Parallel()
	for what, query := range map[string]string{
		"with the lock of the log":   "EventInsert",
		"with a consumer's slot row": "SlotAdvance",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			silentAt(t, query)
		})
	}
}

func silentAt(t *testing.T, query string) {
	direct := database(t)
	c, through := newCutter(t, direct)
	silent := started(t, postgres.Config{URL: through})
	settled(t, silent, command("deposit", "a", 1)) // it owns the projection
	other := started(t, postgres.Config{URL: direct})
	eventually(t, "they share the slots", func() bool {
		return one[int64](t, direct, `SELECT count(*) FROM (SELECT owner FROM backstory.slots WHERE consumer = 'commands' GROUP BY owner HAVING count(*) = 32) o WHERE owner IS NOT NULL`) == 2
	})
	watch := watchPauses(t, other, never)
	own := arrive(t, silent, 50)
	eventually(t, "both work", func() bool { return len(own.acknowledged()) > 10 && watch.went([8]int{}) })

	lift := c.hush(query, false)
	eventually(t, "the network is silent", func() bool { return c.cuts.Load() == 1 })
	before, began := watch.slots(), time.Now()
	eventually(t, "every stream goes on", func() bool { return watch.went(before) })
	caughtUp(t, other)
	projected := time.Since(began)
	owner := one[uuid.UUID](t, direct, `SELECT owner FROM backstory.slots WHERE consumer = 'bank.balances'`)
	if n := one[int64](t, direct, `SELECT count(*) FROM backstory.slots WHERE owner <> $1`, owner); n != 0 {
		t.Errorf("the silent process has %d slots", n)
	}
	pause, stall := watch.end()
	t.Logf("commands were held up for %s, the projection caught up after %s (machine stalled for up to %s)", pause, projected, stall)
	if worst := max(pause, projected); worst > 3*silentMost+stall {
		t.Errorf("others were held up for %s", worst)
	}
	acknowledged := len(own.acknowledged())

	lift()
	eventually(t, "the silent process goes on", func() bool { return len(own.acknowledged()) > acknowledged+10 })
	own.end()
	for _, id := range own.acknowledged() {
		if o, err := other.Wait(within(t), id); err != nil || o.Status != engine.Accepted || len(o.Events) != 1 {
			t.Errorf("acknowledged %s: %+v, %v", id, o, err)
		}
	}
	caughtUp(t, silent)
	caughtUp(t, other)
	checkLog(t, direct)
	checkBalances(t, direct)
}

// Connections of a process go silent while new ones work, as with a proxy that forgot
// them and keeps acknowledging: its heartbeats go on, so it keeps its slots, and waits
// for answers that do not come. It finds out that nobody works on them.
func TestSilentConnections_AreGivenUp(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"EventInsert", "SlotAdvance"} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			direct := database(t)
			c, through := newCutter(t, direct)
			e := started(t, postgres.Config{URL: through})
			web := started(t, postgres.Config{URL: direct, Roles: []postgres.Role{postgres.RoleWeb}})
			watch := watchPauses(t, web, never)
			eventually(t, "it works", func() bool { return watch.went([8]int{}) })
			lift := c.hush(query, true)
			eventually(t, "its connections are silent", func() bool { return c.cuts.Load() == 1 })
			before, began := watch.slots(), time.Now()
			eventually(t, "every stream goes on", func() bool { return watch.went(before) })
			caughtUp(t, web)
			projected := time.Since(began)
			pause, stall := watch.end()
			t.Logf("commands were held up for %s, the projection caught up after %s (machine stalled for up to %s)", pause, projected, stall)
			if worst := max(pause, projected); worst > 3*silentMost+stall {
				t.Errorf("it took %s", worst)
			}
			lift()
			caughtUp(t, e)
			checkLog(t, direct)
			checkBalances(t, direct)
		})
	}
}
