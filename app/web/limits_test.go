package web

import (
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := newLimiter(Limits{Commands: 2, Burst: 3, Streams: 1}, func() time.Time { return now })
	sent := func(user string, n int) (allowed int) {
		for range n {
			if l.command(user) {
				allowed++
			}
		}
		return allowed
	}
	if got := sent("ada", 10); got != 3 {
		t.Errorf("ada sent %d at once, want 3", got)
	}
	if got := sent("bob", 1); got != 1 {
		t.Error("bob is held up by ada")
	}
	now = now.Add(time.Second)
	if got := sent("ada", 10); got != 2 {
		t.Errorf("ada sent %d a second later, want 2", got)
	}
	if l.open("ada") != 0 || l.open("ada") != 429 {
		t.Error("ada opened two pages, or none")
	}
	now = now.Add(time.Hour)
	if sent("eve", 1); len(l.users) != 2 {
		t.Errorf("%d people are remembered, want ada with her open page and eve", len(l.users))
	}
	l.close("ada")
	if l.open("ada") != 0 {
		t.Error("ada closed her page and cannot open another")
	}
}
