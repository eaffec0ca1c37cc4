package postgres_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// Slots are taken over from a process that died, with messages waiting. One handler
// takes long: only its own slot waits for it.
func TestTakenOverFromTheDead_ASlowHandlerHoldsUpItsSlotOnly(t *testing.T) {
	t.Parallel()
	url := database(t)
	web := started(t, postgres.Config{URL: url, System: reactive(hooks{}), Roles: []postgres.Role{postgres.RoleWeb}})
	const streams = 20
	beside := 0
	for n := range streams {
		id := fmt.Sprintf("a%d", n)
		if _, err := web.Append(within(t), appendOf(id, 0, 1)); err != nil {
			t.Fatal(err)
		}
		if slotOfKey("bank.account/"+id, 8) != slotOfKey("bank.account/a0", 8) {
			beside++
		}
	}
	if err := sql(t, url, `UPDATE backstory.slots SET owner = $1`, uuid.New()); err != nil {
		t.Fatal(err)
	}
	slow := newGate()
	started(t, noting(url, hooks{deposited: func(m engine.Meta) error {
		if m.Stream.ID == "a0" {
			slow.wait()
		}
		return nil
	}}))
	open := sync.OnceFunc(func() { close(slow.open) })
	t.Cleanup(open)
	<-slow.reached
	eventually(t, "the other slots go on", func() bool {
		return one[int](t, url, `SELECT count(*) FROM backstory.events WHERE type = 'bank.ledger.noted'`) >= beside
	})
	held := one[string](t, url, `SELECT string_agg(key || ' ' || attempts, ', ') FROM backstory.held WHERE consumer = 'bank.account'`)
	if held != "bank.account/a0 0" {
		t.Errorf("under way, and announced: %s", held)
	}
	open()
	reacted(t, url)
}
