package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestWhoGoesAwayIsNoFault logs what is our fault on every way in, and not that
// somebody did not wait for the answer.
func TestWhoGoesAwayIsNoFault(t *testing.T) {
	gone, broken := fmt.Errorf("read: %w", context.Canceled), errors.New("it broke")
	for name, test := range map[string]struct {
		prepare func(f *fakeClient, err error)
		ask     func(s *site, path, id string)
	}{
		"page":    {func(f *fakeClient, err error) { f.readErr = err }, func(s *site, path, _ string) { s.get(path) }},
		"command": {func(f *fakeClient, err error) { f.submitErr = err }, addMilk},
		"outcome": {func(f *fakeClient, err error) { f.waitErr = err }, addMilk},
		"script": {func(f *fakeClient, err error) { f.submitErr = err }, func(s *site, _, id string) {
			s.datastar("/commands/todos.list.add_item?form=add-item", map[string]any{"stream_id": id, "text": "Milk", "command_id": uuid.NewString()})
		}},
		"API": {func(f *fakeClient, err error) { f.submitErr = err }, func(s *site, _, id string) {
			s.do("POST", "/api/commands/todos.list.add_item", `{"stream_id":"`+id+`","data":{"text":"Milk"}}`, map[string]string{"Content-Type": "application/json"})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			log := &record{}
			s := signedInSite(t, "Ada", func(c *Config) { c.Log = slog.New(slog.NewTextHandler(log, nil)) })
			path, id := s.list("Groceries")
			test.prepare(s.fake, gone)
			test.ask(s, path, id)
			if text := log.String(); text != "" {
				t.Errorf("who went away is logged: %s", text)
			}
			test.prepare(s.fake, broken)
			test.ask(s, path, id)
			if n := strings.Count(log.String(), "it broke"); n != 1 {
				t.Errorf("what broke is logged %d times: %s", n, log.String())
			}
		})
	}
}

func addMilk(s *site, path, id string) {
	s.post("/commands/todos.list.add_item?form=add-item", url.Values{"stream_id": {id}, "text": {"Milk"}}, path)
}
