package postgres_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// keepableClerk is clerk with states that an archive can keep.
func keepableClerk(sums ...int64) *engine.System {
	s := clerk(0, sums...)
	for _, a := range s.Actors() {
		if a.EncodeState == nil {
			a.EncodeState = func(any) ([]byte, error) { return []byte(`{}`), nil }
			a.DecodeState = func([]byte) (any, error) { return a.NewState(), nil }
		}
	}
	return s
}

// An event that a reaction may yet have to answer about does not leave the log.
// When all is answered it does, and whatever led to it, or came of it, says so.
func TestArchive_OfCauses(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url, System: keepableClerk(9)})
	first := settled(t, e, command("open", "a", 0))
	asked := loansAsked(t, e, "a", 1)
	depositMany(t, e, 3)
	caughtUp(t, e)
	archive := func() error {
		_, err := e.Archive(within(t), postgres.ArchiveRange{Position: 3}, filepath.Join(t.TempDir(), "log.jsonl"), nil)
		return err
	}
	eventually(t, "the consumers are past it", func() bool {
		err := archive()
		return err != nil && !strings.Contains(err.Error(), "did not see")
	})
	if err := archive(); !errors.Is(err, postgres.ErrNotArchivable) || !strings.Contains(err.Error(), "bank.clerk.on_opened") {
		t.Fatalf("while the loan is settling: %v", err)
	}
	denied := engine.Append{Stream: engine.StreamID{Type: "bank.loan", ID: "a"}, Expected: engine.AnyVersion, By: "tester",
		Correlation: asked.Correlation, Causation: asked.Events[0].ID,
		Events: []engine.NewEvent{{ID: uuid.New(), Event: answer{Verb: "denied"}, Data: []byte(`{"limit":5}`)}}}
	if _, err := e.Append(within(t), denied); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the refusal is answered", func() bool { return balanceOf(t, e, "refused-a") == 1 })
	if err := archive(); err != nil {
		t.Fatal(err)
	}

	o, err := e.Outcome(within(t), first.ID)
	if err != nil || o.Status != engine.Accepted || len(o.Events) != 0 || o.Archived != 1 {
		t.Errorf("the outcome of what was archived: %+v, %v", o, err)
	}
	if list, err := e.Commands(within(t), accountID("a"), time.Time{}, 10); err != nil || len(list) != 1 || list[0].Archived != 1 {
		t.Errorf("the stream's commands: %+v, %v", list, err)
	}
	list, err := e.Conversation(within(t), asked.ID, 10)
	if err != nil || len(list) != 3 || list[0].ID != first.ID || list[0].Archived != 1 || list[2].Archived != 0 || len(list[2].Events) != 1 {
		t.Errorf("the conversation: %+v, %v", list, err)
	}
	if _, err := e.Conversation(within(t), first.Events[0].ID, 10); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("by the id of an event that left: %v", err)
	}
	if _, err := e.Events(within(t), accountID("a"), 0, 10); !errors.Is(err, engine.ErrArchived) {
		t.Errorf("the stream's events: %v", err)
	}
	wellFormed(t, e)
}

// A command that comes to wait after its cause left, as by an import of older
// rows, fails and says why.
func TestAnswerAboutAnArchivedCause_SaysSo(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url, System: keepableClerk()})
	settled(t, e, command("open", "b", 0))
	depositMany(t, e, 3)
	caughtUp(t, e)
	eventually(t, "it is archived", func() bool { // once the checkpoints are written
		_, err := e.Archive(within(t), postgres.ArchiveRange{Position: 3}, filepath.Join(t.TempDir(), "log.jsonl"), nil)
		return err == nil
	})
	id := uuid.New()
	err := sql(t, url, `INSERT INTO backstory.inbox (id, slot, type, stream, data, by, correlation, causation, reaction, cause)
		VALUES ($1, $2, 'bank.account.withdraw', 'bank.account/b', '{"Amount":100}', 'tester', $1, $1, 'bank.clerk.on_opened', 1)`, id, slotOf("bank.account/b"))
	if err != nil {
		t.Fatal(err)
	}
	if o, err := e.Wait(within(t), id); err != nil || o.Status != engine.Failed || !strings.Contains(o.Error, engine.ErrArchived.Error()) {
		t.Errorf("%+v, %v", o, err)
	}
}
