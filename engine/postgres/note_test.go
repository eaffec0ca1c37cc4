package postgres_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

func TestNotes_ReachTheOtherProcesses(t *testing.T) {
	t.Parallel()
	url := database(t)
	teller, hearer := started(t, postgres.Config{URL: url}), started(t, postgres.Config{URL: url})
	own, heard := make(chan string, 100), make(chan string, 100)
	teller.HearNotes(func(_ uuid.UUID, topic, text string) { own <- topic + ": " + text })
	var sender atomic.Value // of uuid.UUID
	stop := hearer.HearNotes(func(from uuid.UUID, topic, text string) {
		sender.Store(from)
		heard <- topic + ": " + text
	})
	next := func(want string, tell func()) {
		t.Helper()
		eventually(t, "the note arrives", func() bool { // a note is lost to who does not listen yet
			tell()
			select {
			case got := <-heard:
				return got == want
			default:
				return false
			}
		})
	}
	next("a place: Ada Lovelace, “Bob” \x00", func() { teller.TellNote("a place", "Ada Lovelace, “Bob” \x00") })
	next("a place: ", func() { teller.TellNote("a place", "") })
	next(": x", func() { teller.TellNote("", "x") })
	teller.TellNote("too long", strings.Repeat("x", engine.MaxNote))
	longest := strings.Repeat("x", engine.MaxNote-len("long"))
	next("long: "+longest, func() { teller.TellNote("long", longest) })
	if from, _ := sender.Load().(uuid.UUID); from == uuid.Nil {
		t.Error("nobody sent it")
	}
	stop()
	later := make(chan string, 100)
	hearer.HearNotes(func(_ uuid.UUID, topic, text string) { later <- topic + ": " + text })
	for len(heard) > 0 {
		if got := <-heard; strings.HasPrefix(got, "too long") {
			t.Error("a note that is too long arrived")
		}
	}
	eventually(t, "notes still arrive elsewhere", func() bool {
		teller.TellNote("after", "it")
		select {
		case got := <-later:
			return got == "after: it"
		default:
			return false
		}
	})
	if len(heard) > 0 || len(own) > 0 {
		t.Errorf("heard after stop: %d; heard by the teller: %d", len(heard), len(own))
	}
}

func TestTraffic_CountsTheLogInParts(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	for _, s := range []engine.Submission{command("open", "a", 0), command("deposit", "a", 5), command("deposit", "a", 6), command("withdraw", "a", 2)} {
		if o := settled(t, e, s); o.Status != engine.Accepted {
			t.Fatalf("%+v", o)
		}
	}
	settled(t, e, command("withdraw", "a", 1000)) // refused: nothing to count
	head, err := e.Head(within(t))
	if err != nil {
		t.Fatal(err)
	}
	sum := map[string][2]int64{}
	steps := int64(0)
	for after := int64(0); ; steps++ {
		got, err := e.Traffic(within(t), after, 2)
		if err != nil || got.Upto > after+2 {
			t.Fatalf("%+v, %v", got, err)
		}
		if got.Upto == after {
			break
		}
		after = got.Upto
		for _, c := range got.Counts {
			key := strings.TrimPrefix(c.Command, "bank.account.") + " → " + strings.TrimPrefix(c.Event, "bank.account.")
			sum[key] = [2]int64{sum[key][0] + c.Events, sum[key][1] + c.Commands}
		}
	}
	want := map[string][2]int64{"open → opened": {1, 1}, "deposit → deposited": {2, 2}, "withdraw → withdrawn": {1, 1}}
	if fmt.Sprint(sum) != fmt.Sprint(want) || steps != (head+1)/2 {
		t.Errorf("%v in %d steps, want %v", sum, steps, want)
	}
	if got, err := e.Traffic(within(t), head+7, 10); err != nil || got.Upto != head+7 || len(got.Counts) > 0 {
		t.Errorf("past the head: %+v, %v", got, err)
	}
}

func TestStatus_ShowsBuilds(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	depositMany(t, e, 10)
	if err := sql(t, url, `INSERT INTO backstory.builds (projection, hash, program, floor, position, started_at)
		VALUES ('bank.balances', 'h', 'p', 2, 6, clock_timestamp() - interval '4 seconds')`); err != nil {
		t.Fatal(err)
	}
	builds := func() engine.BuildStatus {
		t.Helper()
		status, err := e.Status(within(t))
		if err != nil || len(status.Builds) != 1 {
			t.Fatalf("%+v, %v", status.Builds, err)
		}
		return status.Builds[0]
	}
	b := builds()
	if b.Projection != "bank.balances" || b.Running || b.Floor != 2 || b.Position != 6 || b.RemainingSeconds < 4 { // 4 of 8 in 4 s or more
		t.Errorf("%+v", b)
	}
	conn := connect(t, url)
	if _, err := conn.Exec(within(t), `SELECT pg_advisory_lock(hashtextextended('backstory.build bank.balances', 0))`); err != nil {
		t.Fatal(err)
	}
	if b = builds(); !b.Running {
		t.Errorf("somebody builds: %+v", b)
	}
	_ = conn.Close(within(t))
	eventually(t, "nobody builds any more", func() bool { return !builds().Running })
}
