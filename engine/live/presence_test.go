package live_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/live"
)

// wire carries notes between processes of a test, in order.
type wire struct {
	mu   sync.Mutex
	ends map[uuid.UUID]chan note
}

type note struct {
	from        uuid.UUID
	topic, text string
}

// end is a process at the wire.
type end struct {
	*wire
	id uuid.UUID
}

func (e end) TellNote(topic, text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, notes := range e.ends {
		if id != e.id {
			notes <- note{e.id, topic, text}
		}
	}
}

func (e end) HearNotes(hear func(uuid.UUID, string, string)) (stop func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ends == nil {
		e.ends = map[uuid.UUID]chan note{}
	}
	notes := make(chan note, 100)
	e.ends[e.id] = notes
	go func() {
		for n := range notes {
			hear(n.from, n.topic, n.text)
		}
	}()
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.ends, e.id)
		close(notes)
	}
}

// process starts a presence at the wire and gives what ends it.
func process(t *testing.T, w *wire, hub *engine.Hub) (p *live.Presence, stop func()) {
	t.Helper()
	p, err := live.NewPresence(live.PresenceConfig{Hub: hub, Notes: end{w, uuid.New()}, Most: 3})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()
	return p, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func at(p *live.Presence, place string) string {
	names, more := p.At(place)
	text := strings.Join(names, ",")
	if more {
		text += "+"
	}
	return text
}

func TestPresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hub engine.Hub
		p, err := live.NewPresence(live.PresenceConfig{Hub: &hub, Most: 3})
		if err != nil {
			t.Fatal(err)
		}
		sub := hub.Subscribe(p.Topic("here"))
		defer sub.Close()
		step := func(want string, published bool) {
			t.Helper()
			if got := at(p, "here"); got != want {
				t.Errorf("here: %s, want %s", got, want)
			}
			select {
			case <-sub.Changed():
				if !published {
					t.Errorf("%s: published without need", want)
				}
			default:
				if published {
					t.Errorf("%s: not published", want)
				}
			}
		}
		bob := p.Enter("here", "Bob")
		step("Bob", true)
		again := p.Enter("here", "Bob")
		step("Bob", false)
		p.Enter("elsewhere", "Eve")
		ada := p.Enter("here", "Ada")
		step("Ada,Bob", true)
		p.Enter("here", "Cleo")
		step("Ada,Bob,Cleo", true)
		dan := p.Enter("here", "Dan")
		step("Ada,Bob,Cleo+", true)
		eli := p.Enter("here", "Eli")
		step("Ada,Bob,Cleo+", false)

		bob()
		time.Sleep(time.Minute)
		step("Ada,Bob,Cleo+", false) // the other tab
		again()
		step("Ada,Bob,Cleo+", false) // lingers
		time.Sleep(time.Minute)
		step("Ada,Cleo,Dan+", true)
		ada()
		p.Enter("here", "Ada") // walked to another page
		time.Sleep(time.Minute)
		step("Ada,Cleo,Dan+", false)
		dan()
		eli()
		time.Sleep(time.Minute)
		step("Ada,Cleo", true)
	})
}

func TestPresenceOverProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w wire
		var hubs [3]engine.Hub
		first, stopFirst := process(t, &w, &hubs[0])
		second, stopSecond := process(t, &w, &hubs[1])
		sub := hubs[1].Subscribe(second.Topic("here"))
		synctest.Wait()
		leave := first.Enter("here", "Ada")
		second.Enter("here", "Bob")
		synctest.Wait()
		if a, b := at(first, "here"), at(second, "here"); a != "Ada,Bob" || b != "Ada,Bob" {
			t.Errorf("the first knows %s, the second %s", a, b)
		}
		third, stopThird := process(t, &w, &hubs[2]) // asks those who are there already
		synctest.Wait()
		if got := at(third, "here"); got != "Ada,Bob" {
			t.Errorf("who came later knows %s", got)
		}
		leave()
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if got := at(second, "here") + " " + at(third, "here"); got != "Bob Bob" {
			t.Errorf("after leaving: %s", got)
		}
		third.Enter("here", "Cleo")
		synctest.Wait()
		<-sub.Changed()
		time.Sleep(5 * time.Minute) // beats keep what is true
		if got := at(second, "here"); got != "Bob,Cleo" {
			t.Errorf("after a while: %s", got)
		}
		stopThird() // without a word, as by a kill
		time.Sleep(5 * time.Minute)
		<-sub.Changed()
		if got := at(second, "here"); got != "Bob" {
			t.Errorf("after a process ended: %s", got)
		}
		stopFirst()
		stopSecond()
	})
}

// TestPresenceTellsWhenItForgets looks each second, and after every signal, at the
// crowd of a process that is silent: what is seen changes with a signal only.
func TestPresenceTellsWhenItForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w wire
		var hubs [2]engine.Hub
		first, stopFirst := process(t, &w, &hubs[0])
		second, stopSecond := process(t, &w, &hubs[1])
		defer stopSecond()
		time.Sleep(time.Second) // their beats are not at once with what follows
		first.Enter("here", "Ada")
		synctest.Wait()
		stopFirst()
		sub := hubs[1].Subscribe(second.Topic("here"))
		shown := at(second, "here")
		for range 120 {
			time.Sleep(time.Second)
			synctest.Wait()
			if sub.Take() {
				shown = at(second, "here")
			}
			if got := at(second, "here"); got != shown {
				t.Fatalf("%q became %q, and nobody was told", shown, got)
			}
		}
		if shown != "" {
			t.Errorf("after two minutes of silence: %s", shown)
		}
	})
}

func TestPresenceOfLongNamesFitsIntoNotes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w wire
		var hubs [2]engine.Hub
		first, stopFirst := process(t, &w, &hubs[0])
		second, stopSecond := process(t, &w, &hubs[1])
		synctest.Wait()
		for _, r := range "abc" {
			first.Enter("here", strings.Repeat(string(r), engine.MaxNote/3))
		}
		synctest.Wait()
		if names, more := second.At("here"); len(names) != 2 || !more {
			t.Errorf("%d names, more %t", len(names), more)
		}
		stopFirst()
		stopSecond()
	})
}

func TestPresenceConfigValidate(t *testing.T) {
	for want, cfg := range map[string]live.PresenceConfig{
		"Hub is missing":      {},
		"may not be negative": {Hub: &engine.Hub{}, Linger: -1},
	} {
		if _, err := live.NewPresence(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestTabsAreCountedAtTheirPlace(t *testing.T) {
	var hub engine.Hub
	presence, err := live.NewPresence(live.PresenceConfig{Hub: &hub, Linger: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	room := live.Page{
		Pattern: "/rooms/{name}", Topics: func(*http.Request) []string { return nil },
		Place: func(r *http.Request) string { return r.PathValue("name") },
		Render: func(r *http.Request) (live.Fragment, error) {
			names, _ := presence.At(r.PathValue("name"))
			return live.Fragment{Component: html(fmt.Sprintf("<p id=room>%s</p>", strings.Join(names, ",")))}, nil
		},
	}
	server := serve(t, live.Config{Hub: &hub, Pages: []live.Page{room}, Presence: presence, MinGap: time.Microsecond,
		Visitor: func(r *http.Request) string { return r.URL.Query().Get("as") }})
	ada, seen := open(t, server, "/rooms/a?as=Ada", "identity")
	until := func(names string) {
		t.Helper()
		for !strings.Contains(next(t, seen), "<p id=room>"+names+"</p>") {
		}
	}
	until("Ada")
	bob, _ := open(t, server, "/rooms/a?as=Bob", "identity")
	open(t, server, "/rooms/b?as=Cleo", "identity")
	open(t, server, "/rooms/a?as=", "identity") // nobody who counts
	until("Ada,Bob")
	bob.Body.Close()
	until("Ada")
	ada.Body.Close()
	eventually(t, "the room is empty", func() bool { return at(presence, "a") == "" && at(presence, "b") == "Cleo" })
}
