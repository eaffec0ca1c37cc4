package web

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	apptodos "github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/backstory-go/backstory/generated/todos"
	"github.com/backstory-go/backstory/generated/todos/list"
)

// lateList confirms no name before it may.
type lateList struct {
	apptodos.List
	may chan struct{}
}

func (l lateList) ConfirmName(ctx context.Context, m engine.Meta, state *list.State, event list.NameClaimed, dispatch todos.ListConfirmNameDispatcher) error {
	select {
	case <-l.may:
	case <-ctx.Done():
		return ctx.Err()
	}
	return l.List.ConfirmName(ctx, m, state, event, dispatch)
}

// TestAReservationThatIsNeverConfirmedExpires when its time is over: another list
// gets the name, and the one that came too late is told.
func TestAReservationThatIsNeverConfirmedExpires(t *testing.T) {
	late := lateList{may: make(chan struct{})}
	database := pgtest.Database(t, pgtest.Template{})
	s := signedIn(t, serveAppWith(t, services{list: late, database: database, patience: time.Second}).URL, nil)
	db, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	count := func(sql, of string) (n int) {
		t.Helper()
		if err := db.QueryRow(t.Context(), "SELECT count(*) FROM "+sql, of).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const events = "backstory.events WHERE type = $1"
	if status, body, _ := s.post("/commands/todos.list.create", url.Values{"name": {"Trip"}}, "/"); status != 202 {
		t.Fatalf("a list whose name is not confirmed: %d\n%s", status, body)
	}
	waitUntil(t, "the end of the reservation is scheduled", func() bool {
		return count("backstory.inbox WHERE due > now() + interval '30 s' AND type = $1", "todos.list_name.expire") == 1
	})
	waitUntil(t, "the list holds on to the name", func() bool { return count(events, "todos.list.name_claimed") == 1 })
	if _, err := db.Exec(t.Context(), "UPDATE backstory.inbox SET due = clock_timestamp() WHERE due IS NOT NULL"); err != nil { // a minute later
		t.Fatal(err)
	}
	waitUntil(t, "the reservation expires", func() bool { return count(events, "todos.list_name.expired") == 1 })
	close(late.may)
	waitUntil(t, "the list that came too late is told", func() bool { return count(events, "todos.list.name_given_up") == 1 })
	path, _ := s.list("trip")
	if _, body, _ := s.get(path); !strings.Contains(body, "data-state=\"active\"") {
		t.Errorf("the list that asked then is\n%s", body)
	}
}
