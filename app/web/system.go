package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

const (
	parkedPage    = 50 // keys
	scheduledPage = 50 // commands
	recentPage    = 60 // messages
)

// errNotAdmin means that a page is not for this person.
var errNotAdmin = errors.New("this page is for administrators")

// system is what the System page shows.
type system struct {
	look
	Flow     flow
	Earlier  traffic // of the look before
	Rebuilds map[string]rebuild
	Wanted   wanted
	Titles   []string // that messages can have
	Before   engine.RecentPlace
	Idle     []string // services outside that nothing is sent to
	Now      time.Time

	found
	Called called
}

// isAdmin says whether the person may see and do what administrators may.
func (s *Server) isAdmin(ctx context.Context) bool { return visitOf(ctx).admin }

func (s *Server) systemPage(r *http.Request) (view, error) {
	ctx, query := r.Context(), r.URL.Query()
	shown := system{Flow: s.flow, Titles: s.titles, Rebuilds: s.rebuilds.all(), Now: s.cfg.Now(), Wanted: wantedOf(query), Idle: s.cfg.Idle}
	shown.Before, _ = engine.ParseRecentPlace(query.Get("before")) // anything else: from the newest
	var err error
	if shown.look, shown.Earlier, err = s.monitor.look(ctx); err != nil {
		return view{}, err
	}
	if shown.found, shown.Called, err = s.find(ctx, shown.look, shown.Wanted, shown.Before); err != nil {
		return view{}, err
	}
	return view{Title: "System", Body: systemView(shown)}, nil
}

// lookAgain shows what changed to everybody who looks at the system.
func (s *Server) lookAgain() {
	s.monitor.soon()
	s.cfg.Client.Hub().Publish(systemTopic)
}

// from is the page with the wanted messages before a place; zero: the newest.
func (s system) from(place engine.RecentPlace) string {
	q := s.Wanted.query()
	if place != (engine.RecentPlace{}) {
		q.Set("before", place.String())
	}
	if len(q) == 0 {
		return "/system#recent"
	}
	return "/system?" + q.Encode() + "#recent"
}

// filtered says whether the page shows some messages only.
func (s system) filtered() bool { return s.Wanted != wanted{} }

// held says whether the page stands still: it begins at a place, and not at what comes
// in.
func (s system) held() bool { return s.Before != engine.RecentPlace{} }

// searched says how far back the messages that are shown were looked for; "": that
// goes without saying.
func (s system) searched() string {
	switch {
	case !s.filtered(), len(s.Lines) >= recentPage:
		return ""
	case s.Since.IsZero() && s.held():
		return "Everything older was looked at."
	case s.Since.IsZero():
		return "Everything was looked at."
	}
	return "Looked back to what happened"
}

// folds says whether the consumer can be folded anew from this page: a projection; a
// reactor whose states are.
func (s system) folds(c engine.ConsumerStatus) bool {
	_, builds := s.build(c.Name)
	return c.Kind == kindProjection || builds
}

// build is how far a projection, or a reactor's states, are built; ok: they are.
func (s system) build(projection string) (b engine.BuildStatus, ok bool) {
	for _, b := range s.Status.Builds {
		if b.Projection == projection {
			return b, true
		}
	}
	return b, false
}

// percent is how much of the log a build has folded.
func (s system) percent(b engine.BuildStatus) int64 {
	whole := s.Status.Head - b.Floor
	if whole <= 0 {
		return 100
	}
	return min(100, max(0, (b.Position-b.Floor)*100/whole))
}

// buildWords says how far a build is and when it will be done.
func (s system) buildWords(b engine.BuildStatus) string {
	text := fmt.Sprintf("%d %%", s.percent(b))
	switch {
	case b.GivenUp != "":
		return text + ", given up"
	case !b.Running:
		return text + ", waits for a process"
	case b.RemainingSeconds >= 1:
		return text + ", about " + (time.Duration(b.RemainingSeconds) * time.Second).String() + " left"
	}
	return text
}

// consumer finds a consumer by its name; ok: there is one.
func (s system) consumer(name string) (c engine.ConsumerStatus, ok bool) {
	for _, c := range s.Status.Consumers {
		if c.Name == name {
			return c, true
		}
	}
	return c, false
}

// nodeNote is what the drawing says below a node's name; bad: somebody should look.
func (s system) nodeNote(n *flowNode) (note string, bad bool) {
	switch n.Kind {
	case kindPeople:
		return "pages and API", false
	case kindOutside:
		if slices.Contains(s.Idle, n.Name) {
			return "outside · not configured", false
		}
		return "outside", s.Status.CallsPaused
	}
	c, ok := s.consumer(n.Name)
	switch {
	case !ok:
		return n.Kind, false
	case c.Parked > 0:
		return fmt.Sprintf("%s · %d parked", n.Kind, c.Parked), true
	case c.Status != engine.ConsumerRunning:
		return n.Kind + " · " + c.Status, true
	case c.LagEvents > 0:
		return n.Kind + " · " + thousands(c.LagEvents) + " behind", false
	}
	return n.Kind + " · up to date", false
}

// keyID is an element's id for a parked key, whatever it is made of.
func keyID(p engine.ParkedKey) string {
	return "parked-" + uuid.NewSHA1(uuid.Nil, []byte(p.Consumer+" "+p.Key)).String()
}

// lag says how far a consumer is behind.
func lag(c engine.ConsumerStatus) string {
	if c.LagEvents == 0 {
		return "up to date"
	}
	return count(c.LagEvents, "event") + ", " + strconv.FormatFloat(c.LagSeconds, 'f', 1, 64) + " s behind"
}

// pace says how fast a consumer goes through the log.
func pace(perSecond float64) string {
	switch {
	case perSecond == 0:
		return "–"
	case perSecond < 10:
		return strconv.FormatFloat(perSecond, 'f', 1, 64) + " /s"
	}
	return thousands(int64(perSecond)) + " /s"
}

// firstLine is an error without its stack.
func firstLine(text string) string {
	for i, c := range text {
		if c == '\n' {
			return text[:i]
		}
	}
	return cmp.Or(text, "unknown")
}
