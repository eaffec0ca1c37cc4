package postgres_test

import (
	"testing"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

func TestPath_SubmittedDecidedStoredProjectedWaitedFor(t *testing.T) {
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	for _, s := range []engine.Submission{command("open", "A", 0), command("deposit", "a", 30), command("withdraw", "a", 10)} {
		if o := settled(t, e, s); o.Status != engine.Accepted || len(o.Events) != 1 || o.Stream != accountID("a") {
			t.Fatalf("%s: %+v", s.Type, o)
		}
	}
	o := settled(t, e, command("withdraw", "a", 21))
	if o.Status != engine.Refused || o.Refusal == nil || o.Refusal.Code != "overdrawn" || string(o.Refusal.Data) != `{"balance":20}` {
		t.Fatalf("overdrawn: %+v %+v", o, o.Refusal)
	}
	caughtUp(t, e)
	checkLog(t, url)
	checkBalances(t, url)
}
