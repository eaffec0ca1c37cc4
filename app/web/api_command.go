package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// mostWait is how many seconds a request may wait for its outcome.
const mostWait = 30

// apiSubmit is POST /api/commands/{type}: the outcome as it stands, or the final
// one for whoever prefers to wait.
func (s *Server) apiSubmit(w http.ResponseWriter, r *http.Request) {
	submission, err := s.apiSubmission(r)
	if err != nil {
		s.apiFail(w, r, err, uuid.Nil)
		return
	}
	traced, done := s.traced(r, &submission)
	defer done()
	id, err := s.submit(traced, submission)
	if err != nil {
		s.apiFail(w, r, err, submission.ID)
		return
	}
	o := engine.Outcome{ID: id, Type: submission.Type, Status: engine.Pending}
	o.Stream.Type, o.Stream.ID = streamType(submission.Type), submission.StreamID
	if seconds := preferredWait(r.Header); seconds > 0 {
		s.apiWait(w, r, o, seconds)
		return
	}
	// The command is stored, whatever this read says. It is worth asking: a
	// command that is sent again may be decided long ago.
	if known, err := s.cfg.Client.Outcome(r.Context(), id); err == nil {
		o = known
	}
	s.apiAccepted(w, r, o)
}

// apiWait answers with the outcome of a stored command, or as it stands when it
// takes longer than the client waits.
func (s *Server) apiWait(w http.ResponseWriter, r *http.Request, o engine.Outcome, seconds int) {
	w.Header().Set("Preference-Applied", "wait="+strconv.Itoa(seconds))
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(seconds)*time.Second)
	defer cancel()
	known, err := s.cfg.Client.Wait(ctx, o.ID)
	if known.Stream.Type != "" { // else nobody has seen it yet
		o = known
	}
	switch {
	case err != nil && !errors.Is(err, context.DeadlineExceeded):
		s.apiFail(w, r, err, o.ID)
	case err == nil && o.Status.Final():
		s.apiDecided(w, r, o)
	default:
		s.apiAccepted(w, r, o)
	}
}

// streamType is the actor's type of a command's: todos.list of todos.list.create.
func streamType(command string) string { return command[:max(0, strings.LastIndexByte(command, '.'))] }

// apiAccepted answers that the command is stored and where its outcome will be.
func (s *Server) apiAccepted(w http.ResponseWriter, r *http.Request, o engine.Outcome) {
	w.Header().Set("Location", "/api/commands/"+o.ID.String())
	s.apiAnswer(w, r, http.StatusAccepted, shownOutcome(o))
}

// apiDecided answers with a final outcome. That a command was cancelled is one
// like any other: nothing of the request was wrong.
func (s *Server) apiDecided(w http.ResponseWriter, r *http.Request, o engine.Outcome) {
	s.tellHistories(o)
	switch {
	case o.Status == engine.Refused && o.Refusal != nil:
		s.apiRefuse(w, r, o)
	case o.Status == engine.Failed: // the engine logged why
		c := causeOf(errors.New("failed"))
		s.apiProblem(w, r, apiProblem{Title: c.title, Status: c.status, Code: c.code, CommandID: o.ID})
	default:
		s.apiAnswer(w, r, http.StatusOK, shownOutcome(o))
	}
}

// shownOutcome has a list of events, if an empty one.
func shownOutcome(o engine.Outcome) engine.Outcome {
	if o.Events == nil {
		o.Events = []engine.OutcomeEvent{}
	}
	return o
}

// apiOutcome is GET /api/commands/{id}: what became of a command until now.
func (s *Server) apiOutcome(w http.ResponseWriter, r *http.Request) {
	id, err := engine.ParseUUID(r.PathValue("id"))
	if err != nil {
		s.apiFail(w, r, faultsBelow("/id", err), uuid.Nil)
		return
	}
	o, err := s.cfg.Client.Outcome(r.Context(), id)
	if err != nil {
		s.apiFail(w, r, err, id)
		return
	}
	s.apiAnswer(w, r, http.StatusOK, shownOutcome(o))
}

// preferredWait reads the seconds of "Prefer: wait=5" (RFC 7240). What it cannot
// honour a server leaves out: 0 is not to wait.
func preferredWait(h http.Header) int {
	for preference := range strings.SplitSeq(strings.Join(h.Values("Prefer"), ","), ",") {
		preference, _, _ = strings.Cut(preference, ";")
		name, value, _ := strings.Cut(preference, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "wait") {
			continue
		}
		seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
		if err != nil {
			return 0
		}
		return min(int(seconds), mostWait)
	}
	return 0
}

// apiSubmission reads a command from a request.
func (s *Server) apiSubmission(r *http.Request) (engine.Submission, error) {
	kind, err := s.commandType(r.PathValue("type"))
	if err != nil {
		return engine.Submission{}, err
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return engine.Submission{}, fmt.Errorf("%w: %q", errMediaType, r.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return engine.Submission{}, readError(err)
	}
	submission, err := engine.DecodeStrict(body, readSubmission)
	if err != nil {
		return submission, faultsOfData(err)
	}
	actor, _ := s.cfg.System.ActorOf(kind.Type) // commandType found it
	if submission.StreamID, err = actor.ParseID(submission.StreamID); err != nil {
		return submission, faultsBelow("/"+fieldStream, err)
	}
	submission.Type, submission.By = kind.Type, visitOf(r.Context()).user
	return submission, nil
}

// readSubmission accepts what the API's description says of a request; the data
// is judged by its own schema.
func readSubmission(d *engine.Decoder, raw []byte) (s engine.Submission) {
	var stream bool
	for name, value := range d.Members(raw) {
		switch name {
		case "id":
			if s.ID = d.UUID(value); s.ID == uuid.Nil && string(value) == `"`+uuid.Nil.String()+`"` {
				d.Fault(engine.FaultFormat, "must not be all zeros")
			}
		case fieldStream:
			stream, s.StreamID = true, d.String(value, engine.Text{})
		case fieldIfVersion:
			version := d.Int64(value, engine.Integer{Range: engine.AtLeast(0)})
			s.IfVersion = &version
		case "data":
			d.Object(value)
			s.Data = json.RawMessage(value)
		default:
			d.Undeclared()
		}
	}
	if raw[0] == '{' { // else that is the fault
		d.Require(stream, fieldStream)
		d.Require(s.Data != nil, "data")
	}
	return s
}

// faultsOfData points faults inside the request's data into the data, as the
// faults of its schema do.
func faultsOfData(err error) error {
	return movedFaults(err, func(pointer string) string {
		if inside, ok := strings.CutPrefix(pointer, "/data/"); ok {
			return "/" + inside
		}
		return pointer
	})
}

// faultsBelow points the faults of a part of the request at that part.
func faultsBelow(place string, err error) error {
	if _, ok := errors.AsType[*engine.FaultsError](err); !ok {
		return apiFaultAt(place, engine.FaultFormat, err.Error())
	}
	return movedFaults(err, func(pointer string) string { return place + pointer })
}

func movedFaults(err error, move func(pointer string) string) error {
	found, ok := errors.AsType[*engine.FaultsError](err)
	if !ok {
		return err
	}
	faults := slices.Clone(found.Faults)
	for i := range faults {
		faults[i].Pointer = move(faults[i].Pointer)
	}
	return &engine.FaultsError{Faults: faults}
}
