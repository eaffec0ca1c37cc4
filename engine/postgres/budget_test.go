package postgres_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// However many people look and ask at once, a process has the connections that it
// may have, and one that listens.
func TestConnections_StayWithinTheBudget(t *testing.T) {
	t.Parallel()
	const budget, tabs = 6, 200
	url := database(t) + "&application_name=budget"
	e := started(t, postgres.Config{URL: url, MaxConns: budget})
	settled(t, e, command("deposit", "a0", 1))
	var most, done atomic.Int64
	var group sync.WaitGroup
	for i := range tabs {
		group.Go(func() {
			defer done.Add(1)
			changed := e.Hub().Subscribe("bank.account/a0")
			defer changed.Close()
			if o := settled(t, e, command("deposit", fmt.Sprintf("a%d", i%20), 1)); o.Status != engine.Accepted {
				t.Errorf("%+v", o)
			}
			if _, err := e.State(within(t), accountID("a0"), 0); err != nil {
				t.Error(err)
			}
			if _, err := e.Status(within(t)); err != nil {
				t.Error(err)
			}
		})
	}
	conn := connect(t, url+"&application_name=watch")
	defer conn.Close(t.Context())
	eventually(t, "everybody is served", func() bool {
		var n int64
		if err := conn.QueryRow(within(t), `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'budget'`).Scan(&n); err != nil {
			t.Error(err)
		}
		most.Store(max(most.Load(), n))
		return done.Load() == tabs
	})
	group.Wait()
	if n := most.Load(); n > budget+1 || n < 3 {
		t.Errorf("%d connections, of which one listens; want %d at most", n, budget+1)
	}
}
