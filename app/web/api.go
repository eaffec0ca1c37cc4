package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// Errors of the API's addresses.
var (
	errNobody  = errors.New("no session")
	errNoRoute = errors.New("no such address")
)

// api serves commands, outcomes and streams as JSON, to whoever is signed in.
func (s *Server) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/commands/{type}", s.apiSubmit)
	mux.HandleFunc("GET /api/commands/{id}", s.apiOutcome)
	mux.HandleFunc("GET /api/streams/{type}/{id}", s.apiState)
	mux.HandleFunc("GET /api/streams/{type}/{id}/events", s.apiEvents)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.apiFail(w, r, errNoRoute, uuid.Nil) })
	return s.admit(mux, func(w http.ResponseWriter, r *http.Request) { s.apiFail(w, r, errNobody, uuid.Nil) })
}

// apiProblem is an answer of RFC 9457. Its type names the code and leads nowhere.
type apiProblem struct {
	Type      string     `json:"type"`
	Title     string     `json:"title"`
	Status    int        `json:"status"`
	Detail    string     `json:"detail,omitempty"`
	Code      string     `json:"code"`
	CommandID uuid.UUID  `json:"command_id,omitzero"`
	Faults    []apiFault `json:"faults,omitempty"`
}

// apiFault is one thing that is wrong with a request.
type apiFault struct {
	Pointer string `json:"pointer"`
	Message string `json:"message"`
}

// apiFail answers with an error. What is our fault is not told.
func (s *Server) apiFail(w http.ResponseWriter, r *http.Request, err error, command uuid.UUID) {
	c := causeOf(err)
	p := apiProblem{Title: c.title, Status: c.status, Code: c.code, CommandID: command}
	if faults, ok := errors.AsType[*engine.FaultsError](err); ok {
		p.Detail = faults.Error()
		for _, f := range faults.Faults {
			p.Faults = append(p.Faults, apiFault{f.Pointer, f.Message})
		}
	}
	s.note(r.Context(), "request failed", err, "method", r.Method, "pattern", r.Pattern)
	askLater(w, c.problem)
	s.apiProblem(w, r, p)
}

// apiRefuse answers with a refusal. The field that shows it is its fault.
func (s *Server) apiRefuse(w http.ResponseWriter, r *http.Request, o engine.Outcome) {
	p := apiProblem{Title: o.Refusal.Message, Status: refusalStatus(o.Refusal.Code), Code: o.Refusal.Code, CommandID: o.ID}
	if o.Refusal.At != "" {
		p.Faults = []apiFault{{"/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(o.Refusal.At), o.Refusal.Message}}
	}
	s.apiProblem(w, r, p)
}

func (s *Server) apiProblem(w http.ResponseWriter, r *http.Request, p apiProblem) {
	p.Type = "urn:backstory:problem:" + p.Code
	s.apiWrite(w, r, "application/problem+json", p.Status, p)
}

// apiAnswer answers with what was asked for.
func (s *Server) apiAnswer(w http.ResponseWriter, r *http.Request, status int, body any) {
	s.apiWrite(w, r, "application/json", status, body)
}

// apiWrite encodes before the first byte goes out, so that a failure can still
// answer as one.
func (s *Server) apiWrite(w http.ResponseWriter, r *http.Request, kind string, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // a problem has nothing in it that cannot be encoded, so this ends
		s.apiFail(w, r, err, uuid.Nil)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the client went away: nobody is left to tell
}

// apiFaultAt is an error about one part of a request.
func apiFaultAt(pointer, code, message string) error {
	return &engine.FaultsError{Faults: []engine.Fault{{Pointer: pointer, Code: code, Message: message}}}
}
