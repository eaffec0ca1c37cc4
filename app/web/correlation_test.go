package web

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// Conversation is all that the fake decided.
func (f *fakeClient) Conversation(context.Context, uuid.UUID, int) (all []engine.Outcome, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range f.order {
		all = append(all, f.outcomes[id])
	}
	return all, nil
}

func TestConversationNamesListsAndItems(t *testing.T) {
	s := signedInSite(t, "Ada")
	path, id := s.list("Party")
	s.submit(path, "add-item", map[string][]string{"text": {"Balloons"}})
	item := s.fake.fold(id, 0).Items[0].ID
	s.submit(path, "remove-"+item, nil)
	_, body, _ := s.get("/messages/" + uuid.NewString() + "/correlation")
	stream := `<span class="about">in “Party” · List ` + id[:8] + `</span>`
	for _, want := range []string{
		`>Remove item</a> <span class="about">Balloons</span> ` + stream, `>Item removed</a> <span class="about">Balloons</span> ` + stream, `>Create</a> ` + strings.Replace(stream, "in ", "", 1),
	} {
		if !strings.Contains(oneLine(body), want) {
			t.Errorf("the page does not show %s", want)
		}
	}
}

func TestConversationLeadsBackToWhereOneCameFrom(t *testing.T) {
	s := signedInSite(t, "Ada")
	path, id := s.list("Party")
	s.submit(path, "add-item", map[string][]string{"text": {"Balloons"}})
	message := "/messages/" + uuid.NewString() + "/correlation"
	for from, want := range map[string]string{
		"":                          `<a href="/">← All lists</a>`,
		"?from=system":              `<a href="/system#recent">← System</a>`,
		"?from=" + id:               `<a href="` + path + `">← Party</a>`,
		"?from=" + id + "%2F1":      `<a href="` + path + `/1">← Party, version 1</a>`,
		"?from=" + id + "/x":        `<a href="` + path + `">← Party</a>`,
		"?from=//evil.example":      `<a href="/">← All lists</a>`,
		"?from=javascript:alert(1)": `<a href="/">← All lists</a>`,
	} {
		if _, body, _ := s.get(message + from); !strings.Contains(body, want) {
			t.Errorf("from %q: no %s", from, want)
		}
	}
	for page, want := range map[string]string{path: "from=" + id + `"`, path + "/1": "from=" + id + `%2F1"`} {
		if _, body, _ := s.get(page); !strings.Contains(body, want) {
			t.Errorf("%s does not say in its links where they are: %s", page, want)
		}
	}
}
