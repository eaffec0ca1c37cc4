package postgres_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// ill is the amount whose key cannot be folded anew, healthy one of the same slot.
const ill = 777

var healthy = neighbourOf(fmt.Sprint(ill))

// neighbourOf is an amount whose key has the slot of another key.
func neighbourOf(key string) int64 {
	n := int64(1)
	for slotOfKey(fmt.Sprint(n), 8) != slotOfKey(key, 8) {
		n++
	}
	return n
}

var errIll = errors.New("this one is ill")

// anew is a reactor's way through two definitions of its state: the second one fails.
type anew struct {
	*testing.T
	url string
	ids []int64 // positions of the ill key's events

	mu  sync.Mutex
	ran map[int64]int // how often a reaction ran to its end, by position
}

func (a *anew) config(h hooks) postgres.Config {
	fails := h.reacts
	h.reacts = func(m engine.Meta) error {
		if fails != nil {
			if err := fails(m); err != nil {
				return err
			}
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.ran[m.Position]++
		return nil
	}
	return noting(a.url, h)
}

// before has three deposits of the ill amount told, and some of the healthy one.
func before(t *testing.T, h hooks, told int64) *anew {
	a := &anew{T: t, url: database(t), ran: map[int64]int{}}
	e, stop := run(t, a.config(h))
	for range 3 {
		settled(t, e, command("deposit", "h", healthy))
		a.ids = append(a.ids, settled(t, e, command("deposit", "i", ill)).Position())
	}
	a.tells(healthy, 3)
	a.tells(ill, told)
	caughtUp(t, e)
	stop()
	return a
}

func (a *anew) told(amount int64) int64 {
	return one[int64](a.T, a.url, `SELECT count(*) FROM backstory.events WHERE stream = $1`, fmt.Sprintf("bank.tally/%d", amount))
}

func (a *anew) tells(amount, n int64) {
	a.Helper()
	eventually(a.T, fmt.Sprintf("%d deposits of %d are told", n, amount), func() bool { return a.told(amount) == n })
}

// parks waits until a key is parked at a position.
func (a *anew) parks(e *postgres.Engine, key string, position int64) {
	a.Helper()
	eventually(a.T, fmt.Sprintf("%s is parked at %d", key, position), func() bool {
		list, err := e.Parked(within(a.T), engine.ParkedFilter{Consumer: "bank.counter"}, engine.ParkedKey{}, 10)
		return err == nil && len(list) == 1 && list[0].Key == key && list[0].Position == position && strings.Contains(list[0].Error, errIll.Error())
	})
}

// ranOnce checks that the reaction to each of the ill key's events ran once.
func (a *anew) ranOnce() {
	a.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, position := range slices.Sorted(maps.Keys(a.ran)) {
		if n := a.ran[position]; n != 1 {
			a.Errorf("the reaction to event %d ran %d times", position, n)
		}
	}
	for _, position := range a.ids {
		if a.ran[position] == 0 {
			a.Errorf("the reaction to event %d did not run", position)
		}
	}
}

// fallsIll begins with a definition of the state that fails, and has its key parked while the
// other one of the slot goes on.
func (a *anew) fallsIll(h hooks, told int64) (e *postgres.Engine, stop func()) {
	h.hash = "2"
	e, stop = run(a.T, a.config(h))
	a.parks(e, fmt.Sprint(ill), a.ids[1])
	a.ids = append(a.ids, settled(a.T, e, command("deposit", "i", ill)).Position())
	settled(a.T, e, command("deposit", "h", healthy))
	a.tells(healthy, 4)
	waiting, err := e.ParkedMessages(within(a.T), "bank.counter", fmt.Sprint(ill), 10)
	if err != nil || len(waiting) != 3 {
		a.Errorf("%d messages wait, want 3: %v", len(waiting), err)
	}
	if n := a.told(ill); n != told {
		a.Errorf("%d deposits of the parked key were told, want %d", n, told)
	}
	return e, stop
}

// getsWell retries with a program that does not fail.
func (a *anew) getsWell() *postgres.Engine {
	e := started(a.T, a.config(hooks{hash: "2"}))
	if n, err := e.RetryParked(within(a.T), engine.ParkedFilter{}, 10); n != 1 || err != nil {
		a.Errorf("%d keys are tried again: %v", n, err)
	}
	eventually(a.T, "nothing is held", func() bool { return len(heldKeys(a.T, a.url, "bank.counter")) == 0 })
	return e
}

// What a reactor's states cannot be folded anew with holds its key, and nothing else. Once
// it can be folded, what had been handled is not handled again.
func TestStatesFoldedAnew_WhatFailsHoldsItsKeyOnly(t *testing.T) {
	t.Parallel()
	failsAt := func(a *anew, i int) func(engine.Meta) {
		return func(m engine.Meta) {
			if m.Position == a.ids[i] {
				panic(errIll)
			}
		}
	}
	t.Run("folding panics", func(t *testing.T) {
		t.Parallel()
		a := before(t, hooks{}, 3)
		_, stop := a.fallsIll(hooks{evolves: failsAt(a, 1)}, 3)
		stop()
		a.getsWell()
		reacted(t, a.url)
		a.ranOnce()
	})
	t.Run("the state cannot be stored", func(t *testing.T) {
		t.Parallel()
		a := before(t, hooks{}, 3)
		_, stop := a.fallsIll(hooks{encodes: illFrom(2)}, 3)
		stop()
		a.getsWell()
		reacted(t, a.url)
		a.ranOnce()
	})
	t.Run("of a key that was held already", func(t *testing.T) {
		t.Parallel()
		a := before(t, hooks{reacts: func(m engine.Meta) error {
			if m.Stream.ID == "i" && m.Version == 3 {
				return errIll
			}
			return nil
		}}, 2)
		_, stop := a.fallsIll(hooks{evolves: failsAt(a, 1)}, 2)
		stop()
		a.getsWell()
		reacted(t, a.url)
		a.ranOnce()
	})
	t.Run("and is discarded", func(t *testing.T) {
		t.Parallel()
		a := before(t, hooks{}, 3)
		e, _ := a.fallsIll(hooks{evolves: failsAt(a, 1)}, 3)
		if n, err := e.DiscardParked(within(t), engine.ParkedFilter{}, 10); n != 1 || err != nil {
			t.Errorf("%d were discarded: %v", n, err)
		}
		a.tells(ill, 4)
		if n := one[int64](t, a.url, `SELECT (data->>'count')::bigint FROM backstory.events WHERE stream = $1 ORDER BY version DESC LIMIT 1`, fmt.Sprintf("bank.tally/%d", ill)); n != 3 {
			t.Errorf("the last one is number %d, want 3: the discarded one is not in the state", n)
		}
		eventually(t, "nothing is held", func() bool { return len(heldKeys(t, a.url, "bank.counter")) == 0 })
		a.ranOnce()
	})
}

// illFrom fails for the ill account's counts from n on.
func illFrom(n int64) func(string, int64) error {
	return func(account string, count int64) error {
		if account == "i" && count >= n {
			return errIll
		}
		return nil
	}
}

// An event that cannot be decoded has no key: that of its stream is held. Its own key's state
// is folded without it, until it is folded anew.
func TestStatesFoldedAnew_WhatCannotBeDecodedHoldsItsStream(t *testing.T) {
	t.Parallel()
	const key = "bank.account/i"
	other := neighbourOf(key)
	a := &anew{T: t, url: database(t), ran: map[int64]int{}}
	e, stop := run(t, a.config(hooks{}))
	a.ids = append(a.ids, settled(t, e, command("deposit", "i", ill)).Position())
	settled(t, e, command("deposit", "h", other))
	reacted(t, a.url)
	caughtUp(t, e)
	stop()
	e, stop = run(t, a.config(hooks{hash: "2", decodes: func(data []byte) error {
		if bytes.Contains(data, fmt.Append(nil, ill)) {
			return errIll
		}
		return nil
	}}))
	a.parks(e, key, a.ids[0])
	settled(t, e, command("deposit", "h", other))
	a.tells(other, 2)
	stop()
	e = a.getsWell()
	if err := e.Rebuild(within(t), "bank.counter", nil); err != nil {
		t.Fatal(err)
	}
	settled(t, e, command("deposit", "h", ill))
	reacted(t, a.url)
	a.ranOnce()
}

// A stored state that cannot be read holds its key. Folded anew, it can be.
func TestStateThatCannotBeRead_HoldsItsKeyOnly(t *testing.T) {
	t.Parallel()
	a := before(t, hooks{}, 3)
	if err := sql(t, a.url, fmt.Sprintf(`UPDATE backstory.reactor_states SET state = 'this one is ill' WHERE key = '%d'`, ill)); err != nil {
		t.Fatal(err)
	}
	e := started(t, a.config(hooks{}))
	a.ids = append(a.ids, settled(t, e, command("deposit", "i", ill)).Position())
	settled(t, e, command("deposit", "h", healthy))
	a.tells(healthy, 4)
	a.parks(e, fmt.Sprint(ill), a.ids[3])
	if err := e.Rebuild(within(t), "bank.counter", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := e.RetryParked(within(t), engine.ParkedFilter{}, 10); err != nil {
		t.Fatal(err)
	}
	reacted(t, a.url)
	a.ranOnce()
}
