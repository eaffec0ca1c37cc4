package postgres_test

import (
	"sync/atomic"
	"testing"

	"github.com/backstory-go/backstory/engine"
)

// What waits behind a held key is found also where a page of its stream's events, and
// more, concerns nobody.
func TestRetry_FindsWhatIsPagesFartherInTheStream(t *testing.T) {
	t.Parallel()
	url := database(t)
	var failing atomic.Bool
	failing.Store(true)
	e := started(t, noting(url, hooks{deposited: func(engine.Meta) error {
		if failing.Load() {
			return errHandler
		}
		return nil
	}}))
	settled(t, e, command("deposit", "a", 1))
	const between = 1_300
	for done := int64(0); done < between; done += 100 {
		a := appendOf("a", done+1, 100)
		for i := range a.Events {
			a.Events[i].Event, a.Events[i].Data = withdrawn{}, []byte(`{"amount":0}`)
		}
		if _, err := e.Append(within(t), a); err != nil {
			t.Fatal(err)
		}
	}
	settled(t, e, command("deposit", "a", 1))
	eventually(t, "the key is parked, and passed by", func() bool {
		list, err := e.Parked(within(t), engine.ParkedFilter{Consumer: "bank.account"}, engine.ParkedKey{}, 10)
		return err == nil && len(list) == 1 &&
			one[int64](t, url, `SELECT min(position) FROM backstory.slots WHERE consumer = 'bank.account'`) >= between+2
	})
	waiting, err := e.ParkedMessages(within(t), "bank.account", "bank.account/a", 10)
	if err != nil || len(waiting) != 2 {
		t.Errorf("%d messages wait, want 2: %v", len(waiting), err)
	}
	failing.Store(false)
	if _, err := e.RetryParked(within(t), engine.ParkedFilter{}, 10); err != nil {
		t.Fatal(err)
	}
	reacted(t, url)
}
