package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/live"
	"github.com/backstory-go/backstory/generated/todos/types"
)

// listShown is a list as its page shows it, now or in the past.
type listShown struct {
	todoList
	Past    bool
	Changed string // the item that the version shown changed; "name": the name; else ""
	What    entry  // the event that led to the version shown
	History history
	Now     time.Time
	Expands bool      // whether items can be expanded
	Restore restoring // of the past that is shown

	Compared comparison

	Deleted entry  // the event that ended the list, whichever version is shown; Key "": none
	Held    heldUp // what the name that the list asks for waits behind
	Admin   bool   // whether the page may lead to the System page

	Here     []string // who looks at the list
	HereMore bool     // and others
}

// newItemForm is the form that adds an item.
const newItemForm = "add-item"

// with is the version that the page offers to compare with.
func (l listShown) with() int64 {
	if l.Compared.With > 0 {
		return l.Compared.With
	}
	return l.Head
}

// against is the page that compares the version shown with another one.
func (l listShown) against(version int64) string {
	return l.at(l.Version) + "?with=" + strconv.FormatInt(version, 10)
}

// state is what a list that is not active is said to be.
func (l listShown) state() string {
	if l.Status == "pending" {
		return "name not confirmed yet"
	}
	return l.Status
}

// editable says whether the page offers to change the list.
func (l listShown) editable() bool { return !l.Past && l.active() }

// expandable says whether the page offers to split the item into smaller ones.
func (l listShown) expandable(item todoItem) bool {
	const long = 40 // characters
	return l.Expands && !item.Expanding && utf8.RuneCountInString(item.Text) > long
}

// twin is the item that the page warns at, because somebody tried to use its text
// again; in the past, where that is what the version tells.
func (l listShown) twin() string {
	if l.Past && l.What.Type != itemDuplicated {
		return ""
	}
	return l.Duplicated
}

// stayed says whether the version shown left the list as it was.
func (l listShown) stayed() bool { return l.Past && leaves(l.What.Type) && l.Status != "refused" }

// versionText says the version shown, and what made it, to whoever does not see it.
func (l listShown) versionText() string {
	text := "Version " + strconv.FormatInt(l.Version, 10)
	if !l.Past || l.What.Title == "" {
		return text
	}
	text += ": " + strings.TrimSpace(l.What.Title+" "+l.What.About)
	if l.stayed() {
		text += ". The list stayed as it was."
	}
	return text
}

// path of the list, now.
func (l todoList) path() string { return "/todo-lists/" + l.ID }

// at is the path of the list at a version.
func (l todoList) at(version int64) string {
	return l.path() + "/" + strconv.FormatInt(version, 10)
}

func listTopics(r *http.Request) []string {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return nil
	}
	return []string{listStream(id.String()).String()}
}

// listPlace is where the tabs of a list count, whatever version they show.
func listPlace(r *http.Request) string {
	if topics := listTopics(r); topics != nil {
		return topics[0]
	}
	return ""
}

func listStream(id string) engine.StreamID { return engine.StreamID{Type: listActor, ID: id} }

// listPage shows a list as it is.
func (s *Server) listPage(r *http.Request) (view, error) { return s.showList(r, 0) }

// pastPage shows a list as it was at a version.
func (s *Server) pastPage(r *http.Request) (view, error) {
	version, err := strconv.ParseInt(r.PathValue("version"), 10, 64)
	if err != nil || version < 1 {
		return view{}, fmt.Errorf("version %q: %w", r.PathValue("version"), live.ErrNotFound)
	}
	return s.showList(r, version)
}

func (s *Server) showList(r *http.Request, version int64) (view, error) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return view{}, fmt.Errorf("list %q: %w", r.PathValue("id"), live.ErrNotFound)
	}
	l, err := s.source.list(r.Context(), id.String(), version)
	if err != nil {
		return view{}, err
	}
	until, _ := strconv.ParseInt(r.URL.Query().Get("until"), 10, 64) // anything else shows the newest
	h, err := s.history(r.Context(), l, version > 0, until)
	if err != nil {
		return view{}, err
	}
	shown := listShown{todoList: l, Past: version > 0, History: h, Now: s.cfg.Now(), Expands: s.cfg.Expands}
	shown.What = h.at(l.Version)
	shown.Here, shown.HereMore = s.presence.At(listStream(l.ID).String())
	shown.Deleted = s.deletion(r.Context(), l, h)
	shown.Admin = s.isAdmin(r.Context())
	if shown.Past {
		shown.Changed = changedBy(shown.What)
		if shown.Compared, err = s.compare(r, l); err != nil {
			return view{}, err
		}
		if shown.Restore, err = s.restorable(r.Context(), l); err != nil {
			return view{}, err
		}
	}
	v := view{Title: shown.title(), Version: l.Head, Cause: h.Newest, gone: shown.gone() && !shown.Past}
	if l.Wanted != "" && !shown.Past {
		v.again = heldEvery
		if shown.Held, err = s.heldUp(r.Context(), l); err != nil {
			return view{}, err
		}
	}
	v.Body = listView(shown)
	return v, nil
}

// restoring says whether a list can be made what it was at the version shown, or why
// that is not offered; "": there is nothing to restore.
type restoring struct {
	Can bool
	Why string
}

func (s *Server) restorable(ctx context.Context, then todoList) (restoring, error) {
	if then.Version == then.Head {
		return restoring{}, nil
	}
	now, err := s.source.list(ctx, then.ID, 0)
	switch {
	case err != nil || now.active():
		return restoring{Can: err == nil}, err
	case now.Status == "archived":
		return restoring{Why: "The list is archived. Unarchive it to restore this version."}, nil
	}
	return restoring{}, nil
}

// changedBy names what an event changed: its item, or the name.
func changedBy(e entry) string {
	var data struct{ ID, Name string }
	if leaves(e.Type) || json.Unmarshal([]byte(e.Payload), &data) != nil {
		return ""
	}
	if data.Name != "" {
		return "name"
	}
	return data.ID
}

// versionAsked reads the form that asks for a version by number, and gives the
// page it leads to.
func versionAsked(r *http.Request) (target string, ok bool) {
	version, err := strconv.ParseInt(r.URL.Query().Get("version"), 10, 64)
	if err != nil || version < 1 || r.PathValue("id") == "" {
		return "", false
	}
	return "/todo-lists/" + url.PathEscape(r.PathValue("id")) + "/" + strconv.FormatInt(version, 10), true
}

// summary of a progress, for people.
func progressText(done, items int64) string {
	switch {
	case items == 0:
		return "No items yet"
	case done == items:
		return "All " + strconv.FormatInt(items, 10) + " done"
	}
	return fmt.Sprintf("%d of %d done", done, items)
}

// people lists names: Ada, Bob and 2 more.
func people(names []string) string {
	const shown = 3
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}

// older is the page with the part of the history that ends at a version.
func (l listShown) older(until int64) string {
	path := l.path()
	if l.Past {
		path = l.at(l.Version)
	}
	if until >= l.Head {
		return path
	}
	return path + "?until=" + strconv.FormatInt(until, 10)
}

// above is the item before the one at index; the first one goes to the end.
func above(items []todoItem, index int) string {
	if index == 0 {
		return ""
	}
	return items[index-1].ID
}

func doneWord(done bool) string {
	if done {
		return "done"
	}
	return "open"
}

// unexpandedWord says in a word or two why an item could not be split.
func unexpandedWord(reason string) string {
	switch types.Reason(reason) {
	case types.ReasonEmpty:
		return "no smaller items"
	case types.ReasonRefused:
		return "the list changed"
	}
	return "no answer"
}

// whyNotExpanded says the same in a sentence.
func whyNotExpanded(reason string) string {
	switch types.Reason(reason) {
	case types.ReasonEmpty:
		return "The language model named no smaller items that are not on the list already."
	case types.ReasonRefused:
		return "The answer came when the list could not be changed."
	}
	return "The language model could not be asked. Please try again later."
}
