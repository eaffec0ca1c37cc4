package web

import (
	"strings"
	"testing"
)

// TestLongItemsCanBeExpanded: those of more than 40 characters, where a service for
// it is configured, and not while one is under way.
func TestLongItemsCanBeExpanded(t *testing.T) {
	for _, c := range []struct {
		text      string
		expanding bool
		expands   bool
		want      bool
	}{
		{strings.Repeat("ä", 40), false, true, false},
		{strings.Repeat("ä", 41), false, true, true},
		{strings.Repeat("🙂", 41), false, true, true},
		{strings.Repeat("ä", 41), true, true, false},
		{strings.Repeat("ä", 41), false, false, false},
	} {
		l := listShown{Expands: c.expands}
		l.Status = "active"
		l.Items = []todoItem{{ID: "a", Text: c.text, Expanding: c.expanding}}
		var page strings.Builder
		if err := marks(l, l.Items[0]).Render(t.Context(), &page); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(page.String(), "todos.list.expand_item"); got != c.want {
			t.Errorf("%d characters, expanding %t, service %t: offered %t", len([]rune(c.text)), c.expanding, c.expands, got)
		}
	}
}
