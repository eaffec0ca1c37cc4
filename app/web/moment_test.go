package web

import (
	"testing"
	"time"
)

// moments are how long before now something was, and what is said of it.
var moments = map[time.Duration]string{
	-40 * 24 * time.Hour: "2026-03-14", // after it
	-3 * 24 * time.Hour:  "in 3 d",
	-5 * time.Hour:       "in 5 h",
	-10 * time.Minute:    "in 10 min",
	-30 * time.Second:    "within a minute",
	0:                    "just now",
	30 * time.Second:     "just now",
	50 * time.Second:     "1 min ago",
	10 * time.Minute:     "10 min ago",
	5 * time.Hour:        "5 h ago",
	3 * 24 * time.Hour:   "3 d ago",
	40 * 24 * time.Hour:  "2025-12-24",
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 2, 2, 12, 0, 0, 0, time.UTC)
	for since, want := range moments {
		if got := ago(now.Add(-since), now); got != want {
			t.Errorf("%s before: %q, want %q", since, got, want)
		}
	}
}

func TestLasted(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                    "0 ms",
		12 * time.Millisecond:           "12 ms",
		1500 * time.Millisecond:         "1.5 s",
		time.Minute:                     "1m",
		70 * time.Second:                "1m10s",
		10 * time.Minute:                "10m",
		2*time.Hour + 20*time.Second:    "2h0m20s",
		time.Hour + 100*time.Nanosecond: "1h0m",
	} {
		if got := lasted(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
