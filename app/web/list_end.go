package web

import (
	"context"
	"fmt"
	"strconv"
)

const deletedEvent = listActor + ".deleted"

// deletion finds the event that ended a list: it is the last one of every list that
// has it. What left the log with an archive is not found.
func (s *Server) deletion(ctx context.Context, l todoList, h history) entry {
	if e := h.last(deletedEvent); e.Key != "" || h.To == l.Head {
		return e
	}
	events, err := s.cfg.Client.Events(ctx, listStream(l.ID), l.Head-1, 1)
	if err != nil || len(events) == 0 || events[0].Type != deletedEvent { // the state tells it, too
		return entry{}
	}
	return entry{Key: "v" + strconv.FormatInt(l.Head, 10), Kind: entryEvent, Version: l.Head, By: events[0].Meta.By, At: events[0].Meta.At}
}

// gone says whether the list is deleted by now.
func (l listShown) gone() bool { return l.Status == "deleted" || l.Deleted.Key != "" }

// deletedBy names who deleted the list, behind what is said of it; "": nobody knows.
func (l listShown) deletedBy() string {
	if l.Deleted.By == "" {
		return ""
	}
	return " by " + l.Deleted.By
}

// title is what the window of the page is called.
func (l listShown) title() string {
	title := l.Name
	if l.Past {
		title = fmt.Sprintf("%s · version %d", l.Name, l.Version)
	}
	if l.gone() {
		title += " (deleted)"
	}
	return title
}
