package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// eventPage is how many events one answer of the API holds.
const eventPage = 100

// streamAt is a stream's state as the API shows it.
type streamAt struct {
	Type    string          `json:"type"`
	ID      string          `json:"id"`
	Version int64           `json:"version"`
	At      time.Time       `json:"at"`
	State   json.RawMessage `json:"state"`
}

// apiState is GET /api/streams/{type}/{id}: the state now, or at the version or
// moment of ?at=.
func (s *Server) apiState(w http.ResponseWriter, r *http.Request) {
	state, err := s.stateAsked(r)
	if err != nil {
		s.apiFail(w, r, err, uuid.Nil)
		return
	}
	s.apiAnswer(w, r, http.StatusOK, state)
}

func (s *Server) stateAsked(r *http.Request) (streamAt, error) {
	actor, stream, err := s.streamAsked(r)
	if err != nil {
		return streamAt{}, err
	}
	found, err := s.stateWanted(r, stream)
	if err != nil {
		return streamAt{}, err
	}
	state, err := actor.EncodeState(found.State)
	if err != nil {
		return streamAt{}, fmt.Errorf("state of %s at %d: %w", stream, found.Version, err)
	}
	return streamAt{Type: stream.Type, ID: stream.ID, Version: found.Version, At: found.At, State: state}, nil
}

// streamAsked reads which stream a request is about.
func (s *Server) streamAsked(r *http.Request) (*engine.Actor, engine.StreamID, error) {
	actor, ok := s.cfg.System.Actor(r.PathValue("type"))
	if !ok {
		return nil, engine.StreamID{}, fmt.Errorf("actor %q: %w", r.PathValue("type"), engine.ErrNotFound)
	}
	id := r.PathValue("id")
	if !utf8.ValidString(id) || strings.ContainsRune(id, 0) { // no database stores such text
		return nil, engine.StreamID{}, apiFaultAt("/"+fieldStream, engine.FaultEncoding, "is not valid text")
	}
	id, err := actor.ParseID(id)
	if err != nil {
		return nil, engine.StreamID{}, faultsBelow("/"+fieldStream, err)
	}
	return actor, engine.StreamID{Type: actor.Type, ID: id}, nil
}

// stateWanted reads ?at=; without it: the newest.
func (s *Server) stateWanted(r *http.Request, stream engine.StreamID) (engine.StreamState, error) {
	query := r.URL.Query()
	if !query.Has("at") {
		return s.cfg.Client.State(r.Context(), stream, 0)
	}
	text := query.Get("at")
	if version, err := strconv.ParseInt(text, 10, 64); err == nil && version > 0 {
		return s.cfg.Client.State(r.Context(), stream, version)
	} else if err == nil && version == 0 { // before the first event: to the engine 0 would be the newest
		return engine.StreamState{}, fmt.Errorf("%s at 0: %w", stream, engine.ErrNotFound)
	}
	// An offset's + is a space where it was not encoded, and RFC 3339 as we read
	// it has no space.
	moment, err := engine.ParseInstant(strings.ReplaceAll(text, " ", "+"))
	if err != nil {
		return engine.StreamState{}, apiFaultAt("/at", engine.FaultFormat, "must be a version, or a date and time with its offset, like 2006-01-02T15:04:05Z")
	}
	return s.cfg.Client.StateAt(r.Context(), stream, moment)
}

// streamEvents is a page of a stream's events.
type streamEvents struct {
	Events []engine.Recorded `json:"events"`
	Next   int64             `json:"next,omitempty"` // to ask for after this page
}

// apiEvents is GET /api/streams/{type}/{id}/events: the events after the version
// of ?after=, oldest first.
func (s *Server) apiEvents(w http.ResponseWriter, r *http.Request) {
	found, err := s.eventsAsked(r)
	if err != nil {
		s.apiFail(w, r, err, uuid.Nil)
		return
	}
	s.apiAnswer(w, r, http.StatusOK, found)
}

func (s *Server) eventsAsked(r *http.Request) (streamEvents, error) {
	_, stream, err := s.streamAsked(r)
	if err != nil {
		return streamEvents{}, err
	}
	after := int64(0)
	if query := r.URL.Query(); query.Has("after") {
		if after, err = strconv.ParseInt(query.Get("after"), 10, 64); err != nil || after < 0 {
			return streamEvents{}, apiFaultAt("/after", engine.FaultType, "must be a version")
		}
	}
	events, err := s.cfg.Client.Events(r.Context(), stream, after, eventPage+1)
	if err != nil {
		return streamEvents{}, err
	}
	if len(events) == 0 {
		return streamEvents{Events: []engine.Recorded{}}, s.mustExist(r.Context(), stream, after)
	}
	if len(events) <= eventPage {
		return streamEvents{Events: events}, nil
	}
	events = events[:eventPage]
	return streamEvents{Events: events, Next: events[eventPage-1].Meta.Version}, nil
}

// mustExist tells the end of a stream from one that never was.
func (s *Server) mustExist(ctx context.Context, stream engine.StreamID, after int64) error {
	if after > 0 {
		first, err := s.cfg.Client.Events(ctx, stream, 0, 1)
		if errors.Is(err, engine.ErrArchived) {
			return nil
		}
		if err != nil || len(first) > 0 {
			return err
		}
	}
	return fmt.Errorf("events of %s: %w", stream, engine.ErrNotFound)
}
