package postgres_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// An engine that only reads works on a standby, and on none whose schema it does not
// know.
func TestStandby_IsReadOnly(t *testing.T) {
	t.Parallel()
	server := privateServer(t, false)
	primary := createDatabase(t, server.URL("postgres"), "log", "template1")
	e, stop := run(t, postgres.Config{URL: primary})
	depositMany(t, e, 5)
	long := engine.Append{Stream: accountID("long")} // past a version that gets a snapshot
	for range 210 {
		long.Events = append(long.Events, engine.NewEvent{ID: uuid.Must(uuid.NewV7()), Event: deposited{Amount: 1}, Data: []byte(`{"amount":1}`)})
	}
	if _, err := e.Append(within(t), long); err != nil {
		t.Fatal(err)
	}
	caughtUp(t, e)
	stop()
	source := openEngine(t, postgres.Config{URL: primary})
	export := exportOf(t, source)
	source.Close()
	copied := newStandby(t, server, primary)
	eventually(t, "the standby has all", func() bool { return sameEnd(t, primary, copied.url) })

	var said lockedText
	reading := postgres.Config{URL: copied.url, OwnerURL: primary, System: bank(), ReadOnly: true, Log: slog.New(slog.NewTextHandler(&said, nil))}
	reader := openEngine(t, reading)
	if s, err := reader.State(within(t), accountID("long"), 0); err != nil || s.Version != 210 {
		t.Errorf("version %d, %v", s.Version, err)
	}
	if s, err := reader.Status(within(t)); err != nil || s.Head != one[int64](t, primary, `SELECT max(position) FROM backstory.events`) {
		t.Errorf("head %d, %v", s.Head, err)
	}
	_, want, _ := bytes.Cut(export, []byte("\n"))
	if _, got, _ := bytes.Cut(exportOf(t, reader), []byte("\n")); !bytes.Equal(got, want) {
		t.Errorf("the export of the standby is another one")
	}
	if err := reader.Run(within(t)); !errors.Is(err, postgres.ErrStandby) {
		t.Errorf("Run: %v", err)
	}
	reader.Close()
	if text := said.String(); text != "" {
		t.Errorf("it tried to write: %s", text)
	}

	if _, err := postgres.Open(within(t), postgres.Bringing(release(t, three()...), reading)); err == nil || !strings.Contains(err.Error(), "start it with the primary first") {
		t.Errorf("a program that is newer than the schema: %v", err)
	}
	if err := sql(t, primary, `SELECT backstory.supports($1)`, postgres.Program()+1); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a program that is too old is refused", func() bool {
		again, err := postgres.Open(within(t), reading)
		if err == nil {
			again.Close()
		}
		return errors.Is(err, postgres.ErrNewerSchema)
	})
}
