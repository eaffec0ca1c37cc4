package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// place is where a list stands among others: when it was last changed, and its id
// where several were changed at once. The zero place is before all of them.
type place struct {
	At time.Time
	ID uuid.UUID
}

// placeOf reads what String wrote; anything else is before all lists.
func placeOf(text string) place {
	at, id, _ := strings.Cut(text, "-")
	micros, err := strconv.ParseInt(at, 10, 64)
	if err != nil || micros < 0 || micros > latest.UnixMicro() {
		return place{}
	}
	key, err := uuid.Parse(id)
	if err != nil {
		return place{}
	}
	return place{time.UnixMicro(micros), key}
}

func (p place) String() string {
	return strconv.FormatInt(p.At.UnixMicro(), 10) + "-" + p.ID.String()
}

// compare orders the last changed first.
func (p place) compare(other place) int {
	return cmp.Or(other.At.Compare(p.At), strings.Compare(other.ID.String(), p.ID.String()))
}

// latest is a time that no list was changed after.
var latest = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// listQuery says which lists are meant.
type listQuery struct {
	Archived bool
	Find     string // words that each begin a word of the name; "": whatever it is called
	Common   bool   // the search finds more than are counted
	After    place  // where the page begins
	Most     int    // how many are on a page
}

// listPage is a page of lists.
type listPage struct {
	Lists  []listing
	More   bool  // others come after them
	Before place // where the page before begins; zero: at the first list, as always in a search
}

// mostCounted bounds what counting costs: beyond it a number is said to be more.
const mostCounted = 10_000

// tally is a number that is counted up to mostCounted.
type tally int64

// String writes the number, or that it is more.
func (t tally) String() string {
	if t > mostCounted {
		return thousands(mostCounted) + "+"
	}
	return thousands(int64(t))
}

// homeAddress is what the home page is asked for.
type homeAddress struct {
	Find     string
	Archived bool  // the archived lists alone
	After    place // of those that are shown
}

// mostSought is how many characters are searched for: a name has no more.
const mostSought = 200

func homeAddressOf(r *http.Request) homeAddress {
	q := r.URL.Query()
	find := []rune(strings.TrimSpace(strings.ToValidUTF8(q.Get("find"), "")))
	return homeAddress{
		Find:     strings.TrimSpace(string(find[:min(len(find), mostSought)])),
		Archived: q.Get("show") == "archived",
		After:    placeOf(q.Get("after")),
	}
}

// path is the address as a link.
func (a homeAddress) path() string {
	q := url.Values{}
	if a.Archived {
		q.Set("show", "archived")
	}
	if a.Find != "" {
		q.Set("find", a.Find)
	}
	if a.After != (place{}) {
		q.Set("after", a.After.String())
	}
	if len(q) == 0 {
		return "/"
	}
	return "/?" + q.Encode()
}

// shelf is the active or the archived lists on the home page.
type shelf struct {
	listPage
	Archived bool
	Peek     bool  // the first ones only, without pages
	All      tally // whatever they are called
	Found    tally // by the search; All without one
	at       homeAddress
}

func (s *Server) shelf(ctx context.Context, at homeAddress, archived bool, most int) (shelf, error) {
	sh := shelf{Archived: archived, Peek: archived && !at.Archived, at: at}
	sh.at.Archived = archived
	which := listQuery{Archived: archived, Most: most}
	var err error
	if sh.All, err = s.source.tally(ctx, which); err != nil {
		return sh, err
	}
	which.Find, which.After, sh.Found = at.Find, at.After, sh.All
	if at.Find != "" {
		if sh.Found, err = s.source.tally(ctx, which); err != nil {
			return sh, err
		}
		which.Common = sh.Found > mostCounted
	}
	if most > 0 {
		sh.listPage, err = s.source.lists(ctx, which)
	}
	return sh, err
}

// first is the address of the shelf's first page, whole.
func (sh shelf) first() string { return sh.from(place{}) }

// newer is the address of the page before, older of the one after.
func (sh shelf) newer() string { return sh.from(sh.Before) }

// up is what the way to newer lists is called.
func (sh shelf) up() string {
	if sh.Before == (place{}) {
		return "↑ Newest"
	}
	return "↑ Newer"
}

func (sh shelf) older() string {
	last := sh.Lists[len(sh.Lists)-1]
	return sh.from(last.place())
}

func (sh shelf) from(after place) string {
	at := sh.at
	at.After = after
	return at.path()
}

// begun says whether the page begins at the first list.
func (sh shelf) begun() bool { return sh.at.After == (place{}) }

// count is how many lists there are, and how many of them are found.
func (sh shelf) count() string {
	if sh.at.Find == "" {
		return sh.All.String()
	}
	return sh.Found.String() + " of " + sh.All.String()
}

// name of the shelf, for people and for the page's elements.
func (sh shelf) name() string {
	if sh.Archived {
		return "archived"
	}
	return "active"
}

// nothing says why the page of the shelf is empty.
func (sh shelf) nothing() string {
	switch {
	case sh.at.Find != "":
		return "No " + sh.name() + " list has “" + sh.at.Find + "” in its name."
	case sh.All > 0:
		return "What stood here has changed since, and stands above."
	case sh.Archived:
		return "No list is archived."
	}
	return "No list yet. Give your first one a name, and everyone who is signed in sees it at once."
}
