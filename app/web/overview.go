package web

import (
	"context"
	"sync"
	"time"

	"github.com/backstory-go/backstory/engine"
)

const (
	overviewAge   = time.Second     // looks that follow each other faster are one
	overviewEvery = 3 * time.Second // how often open home pages look whether they are behind
	overviewLag   = 5.0             // seconds that the overview may be behind unmentioned
)

// overview knows whether the home page's lists are as they are by now. Many who ask
// cost one query.
type overview struct {
	ops engine.Operator // nil: it is never known

	mu   sync.Mutex
	at   time.Time
	said string
}

// notice says what may be missing; "": nothing, or it is not known.
func (o *overview) notice(ctx context.Context) string {
	if o.ops == nil {
		return ""
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if time.Since(o.at) < overviewAge {
		return o.said
	}
	status, err := o.ops.Status(ctx)
	o.at, o.said = time.Now(), "" // from the answer on: those who waited for it do not ask again
	if err != nil {               // the lists are there: what else is wrong, the System page tells
		return ""
	}
	for _, c := range status.Consumers {
		if c.Name == listingsProjection {
			o.said = behind(c)
		}
	}
	return o.said
}

// behind says what a projection's readers should know; "": nothing.
func behind(c engine.ConsumerStatus) string {
	switch {
	case c.Status == engine.ConsumerPaused:
		return "This overview is paused: what has changed since is not shown, and lists may be missing."
	case c.LagEvents > 0 && c.LagSeconds > overviewLag:
		return "This overview is " + (time.Duration(c.LagSeconds) * time.Second).String() + " behind: lists may be missing."
	case c.Parked > 0:
		return "Changes of " + count(c.Parked, "list") + " could not be shown in this overview."
	}
	return ""
}
