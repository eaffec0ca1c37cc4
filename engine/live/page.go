package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/backstory-go/backstory/engine"
)

// ErrNotFound means that there is no such page: Page.Render returns it, wrapped
// or not, and a stream that has not begun answers 404.
var ErrNotFound = errors.New("no such page")

// Component writes HTML. The components of templ are Components.
type Component interface {
	Render(ctx context.Context, w io.Writer) error
}

// Fragment is what a page shows at a moment.
type Fragment struct {
	Component Component // one element with an id: the element of the page that it replaces
	Position  int64     // of the log or version of the stream it shows: the event's id; 0: unknown
	Cause     any       // what the newest change it shows came from, for Config.Patched; nil: unknown

	// Again is how soon the page is rendered again for what no topic tells, while it
	// shows this; 0: as Page.Every says. It may only be sooner than that.
	Again time.Duration
}

// Page describes a kind of page. Its functions may be called at the same time
// from anywhere. They get the request that opened the stream, with the page's
// path, path values and query instead of its own.
type Page struct {
	Pattern string // of the path, as http.ServeMux reads it: /todo-lists/{id}

	// Topics names what the page shows. Only changes of these wake its tabs: name
	// the one stream, not the kind of stream. nil: none; see Every.
	Topics func(r *http.Request) []string

	// Render makes the page's fragment from what is true now.
	Render func(r *http.Request) (Fragment, error)

	// Share makes tabs that show the same path and query share each rendering and
	// its compression: a change of a page that thousands look at is rendered once.
	// The fragment may then depend on nothing else of the request than what Share
	// returns, neither cookies nor the context: it is rendered with the request of
	// one of the tabs. nil: each tab is rendered for itself.
	Share func(r *http.Request) string

	// Place is where Config.Presence counts the tabs of this page; "": nowhere. Their
	// crowd is among the page's topics. nil: nowhere.
	Place func(r *http.Request) string

	Every  time.Duration // rendered again about as often, for what no topic tells; 0: only after changes
	MinGap time.Duration // between two fragments of this page to one tab; 0: Config.MinGap
}

// Config says what a Server serves.
type Config struct {
	Hub   *engine.Hub // required
	Pages []Page

	Presence *Presence                    // required by pages with Place
	Visitor  func(r *http.Request) string // who opened a stream; required with Presence. "": nobody who counts

	Log *slog.Logger // nil: slog.Default()

	// Patched is told each fragment that was sent because of a change, and when its
	// rendering began. It must not block. nil: nobody is told.
	Patched func(f Fragment, start time.Time)

	Heartbeat time.Duration // between comments that keep the connection open; 0: 15 s
	MinGap    time.Duration // between two fragments to one tab; 0: 25 ms
	Retry     time.Duration // before a fragment that failed to render is tried again; 0: 1 s
	SendLimit time.Duration // for the tab to take an event; 0: 30 s

	// Encoders is how many tabs have a brotli encoder of their own, about a megabyte
	// each. Further tabs get gzip, compressed once for all; those that take none get
	// events as they are. 0: 64; negative: none.
	Encoders int
}

// Validate joins everything that is wrong with the configuration.
func (c Config) Validate() error {
	var faults []error
	if c.Hub == nil {
		faults = append(faults, errors.New("live: Hub is missing"))
	}
	for i, p := range c.Pages {
		if p.Pattern == "" || p.Pattern[0] != '/' {
			faults = append(faults, fmt.Errorf("live: page %d: pattern %q does not begin with /", i, p.Pattern))
		}
		faults = append(faults, c.validatePage(p))
	}
	if c.Presence != nil && c.Visitor == nil {
		faults = append(faults, errors.New("live: Presence needs Visitor"))
	}
	if min(c.Heartbeat, c.MinGap, c.Retry, c.SendLimit) < 0 {
		faults = append(faults, fmt.Errorf("live: Heartbeat %s, MinGap %s, Retry %s and SendLimit %s may not be negative", c.Heartbeat, c.MinGap, c.Retry, c.SendLimit))
	}
	return errors.Join(faults...)
}

func (c Config) validatePage(p Page) error {
	var faults []error
	if p.Render == nil || p.Topics == nil && p.Every == 0 {
		faults = append(faults, fmt.Errorf("live: page %s: Render, and Topics or Every are needed", p.Pattern))
	}
	if p.Every < 0 || p.MinGap < 0 {
		faults = append(faults, fmt.Errorf("live: page %s: Every and MinGap may not be negative", p.Pattern))
	}
	if p.Place != nil && c.Presence == nil {
		faults = append(faults, fmt.Errorf("live: page %s: Place needs Config.Presence", p.Pattern))
	}
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Heartbeat = cmp.Or(c.Heartbeat, 15*time.Second)
	c.MinGap = cmp.Or(c.MinGap, 25*time.Millisecond)
	c.Retry = cmp.Or(c.Retry, time.Second)
	c.SendLimit = cmp.Or(c.SendLimit, 30*time.Second)
	c.Encoders = cmp.Or(c.Encoders, 64)
	return c
}
