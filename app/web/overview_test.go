package web

import (
	"errors"
	"testing"

	"github.com/backstory-go/backstory/engine"
)

func TestOverviewSaysWhatMayBeMissing(t *testing.T) {
	running := engine.ConsumerStatus{Name: listingsProjection, Status: engine.ConsumerRunning}
	for want, change := range map[string]func(c *engine.ConsumerStatus){
		"": func(c *engine.ConsumerStatus) { c.LagEvents, c.LagSeconds = 90, 4 },
		"This overview is paused: what has changed since is not shown, and lists may be missing.": func(c *engine.ConsumerStatus) { c.Status = engine.ConsumerPaused },
		"This overview is 1m5s behind: lists may be missing.": func(c *engine.ConsumerStatus) {
			c.Status, c.LagEvents, c.LagSeconds = engine.ConsumerStopped, 1, 65.4
		},
		"Changes of 2 lists could not be shown in this overview.": func(c *engine.ConsumerStatus) { c.Parked = 2 },
	} {
		c, ops := running, &fakeOperator{}
		change(&c)
		other := engine.ConsumerStatus{Name: "todos.slack_dispatcher", Status: engine.ConsumerPaused}
		ops.status.Consumers = []engine.ConsumerStatus{c, other}
		o := overview{ops: ops}
		if got := o.notice(t.Context()); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
	o := overview{ops: &fakeOperator{fault: errors.New("no answer")}}
	if got := o.notice(t.Context()) + (&overview{}).notice(t.Context()); got != "" {
		t.Errorf("what is not known is told: %q", got)
	}
}
