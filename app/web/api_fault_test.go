package web

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

func TestAPIRequestsThatAreRefused(t *testing.T) {
	nobody := strings.Repeat("0", 8) + "-0000-0000-0000-" + strings.Repeat("0", 12)
	tests := map[string]struct{ command, body, faults string }{
		"no JSON":            {"archive", `{`, " is not valid JSON"},
		"nothing":            {"archive", ``, " is not valid JSON"},
		"no object":          {"archive", `[]`, " must be an object"},
		"nothing in it":      {"archive", `{}`, "/stream_id is required\n/data is required"},
		"unknown field":      {"archive", `{"stream_id":"a","data":{},"by":"Eve"}`, "/by is not a known field"},
		"twice":              {"archive", `{"stream_id":"a","stream_id":"b","data":{}}`, "/stream_id is given twice"},
		"twice in the data":  {"add_item", `{"stream_id":"a","data":{"text":"x","text":"y"}}`, "/text is given twice"},
		"data is no object":  {"archive", `{"stream_id":"a","data":"x"}`, "/data must be an object"},
		"id is no uuid":      {"archive", `{"id":"7","stream_id":"a","data":{}}`, "/id must be a UUID"},
		"id is nobody's":     {"archive", `{"id":"` + nobody + `","stream_id":"a","data":{}}`, "/id must not be all zeros"},
		"version is text":    {"archive", `{"stream_id":"a","if_version":"2","data":{}}`, "/if_version must be a whole number"},
		"version is below 0": {"archive", `{"stream_id":"a","if_version":-1,"data":{}}`, "/if_version must be at least 0"},
		"stream is bad":      {"archive", `{"stream_id":"bad","data":{}}`, "/stream_id must not be bad"},
		"data breaks it":     {"create", `{"stream_id":"a","data":{"name":" "}}`, "/name may not be empty"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := apiSite(t).send(test.command, test.body, "wait=5")
			if r.status != 422 || r.body["code"] != "invalid" || r.faults() != test.faults {
				t.Errorf("%d %s", r.status, r.text)
			}
		})
	}
}

func TestAPIStatuses(t *testing.T) {
	const whole = `{"id":"01890a5d-ac96-774b-bcce-b302099a8057","stream_id":"a","data":{}}`
	tests := map[string]struct {
		command, media, body string
		submitErr            error
		want                 int
		code                 string
	}{
		"unknown command":  {"nothing", "application/json", whole, nil, 404, "not_found"},
		"internal command": {"notify_dispatched", "application/json", whole, nil, 404, "not_found"},
		"a form":           {"archive", "application/x-www-form-urlencoded", whole, nil, 415, "unsupported_media_type"},
		"no media type":    {"archive", "", whole, nil, 415, "unsupported_media_type"},
		"too large":        {"archive", "application/json", strings.Repeat(" ", 70<<10), nil, 413, "too_large"},
		"id reused":        {"archive", "application/json; charset=utf-8", whole, fmt.Errorf("submit: %w", engine.ErrIDReused), 409, "id_reused"},
		"overloaded":       {"archive", "application/json", whole, engine.ErrOverloaded, 429, "overloaded"},
		"no database":      {"archive", "application/json", whole, engine.ErrUnavailable, 503, "unavailable"},
		"our fault":        {"archive", "application/json", whole, errors.New("secret detail"), 500, "failed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := apiSite(t)
			s.fake.submitErr = test.submitErr
			r := s.reply("POST", "/api/commands/todos.list."+test.command, test.body, map[string]string{"Content-Type": test.media})
			if r.status != test.want || r.body["code"] != test.code || strings.Contains(r.text, "secret") {
				t.Errorf("%d %s", r.status, r.text)
			}
			if (test.submitErr != nil) != (r.body["command_id"] == "01890a5d-ac96-774b-bcce-b302099a8057") {
				t.Errorf("command_id in %s", r.text)
			}
			if wait := r.status == 429 || r.status == 503; wait != (r.header["Retry-After"] != "") {
				t.Errorf("Retry-After %q with %d", r.header["Retry-After"], r.status)
			}
		})
	}
}

func TestAPIWithoutASession(t *testing.T) {
	s := newSite(t)
	for path, method := range map[string]string{
		"/api/commands/todos.list.create": "POST", "/api/commands/" + uuid.NewString(): "GET", "/api/nowhere": "GET",
		"/api/streams/todos.list/a": "GET", "/api/streams/todos.list/a/events": "GET",
	} {
		if r := s.reply(method, path, "{}", nil); r.status != 401 || r.body["code"] != "unauthorized" {
			t.Errorf("%s %s: %d %s", method, path, r.status, r.text)
		}
	}
}

func TestAPICrossSiteRequestsAreRefused(t *testing.T) {
	s := apiSite(t)
	status, _, _ := s.do("POST", "/api/commands/todos.list.create", `{"stream_id":"a","data":{"name":"x"}}`,
		map[string]string{"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"})
	if status != 403 || len(s.fake.sent) != 0 {
		t.Errorf("%d, sent %v", status, s.fake.sent)
	}
}

func TestPreferredWait(t *testing.T) {
	for value, want := range map[string]int{
		"": 0, "wait=5": 5, "Wait = 5": 5, `wait="5"`: 5, "wait=0": 0, "wait=31": 30, "wait=-1": 0, "wait=soon": 0, "wait": 0,
		"return=minimal, wait=7;x=1": 7, "waiting=5": 0, "wait=3, wait=9": 3,
	} {
		if got := preferredWait(map[string][]string{"Prefer": {value}}); got != want {
			t.Errorf("%q: %d, want %d", value, got, want)
		}
	}
	if got := preferredWait(map[string][]string{"Prefer": {"respond-async", "wait=4"}}); got != 4 {
		t.Errorf("two lines: %d", got)
	}
}
