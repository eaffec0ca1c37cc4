package web

import (
	"context"
	"fmt"
	"slices"

	"github.com/backstory-go/backstory/engine"
)

// findSpan is how many events one page looks for words in: about as many as can be
// read and told each second for whoever looks.
const findSpan = 1_000

// found are the events of the log that the page shows, newest first.
type found struct {
	Lines    []eventLine
	Next     int64    // where older ones begin; 0: there are none
	Searched searched // zero: nothing was looked for
}

// searched is the part of the log that words were looked for in.
type searched struct{ First, Last int64 } // positions

func (s searched) text() string {
	return fmt.Sprintf("Looked among events %s to %s.", thousands(s.First), thousands(s.Last))
}

// find reads the events before a position (0: the newest) that have the words in what
// the page says of them. names are those of all streams that the page shows.
func (s *Server) find(ctx context.Context, l look, words engine.RecentFilter, before int64) (f found, names called, err error) {
	span := recentPage
	if words != (engine.RecentFilter{}) {
		span = findSpan
	}
	recent, err := s.cfg.Operator.Recent(ctx, engine.RecentFilter{}, before, span)
	if err != nil {
		return f, names, err
	}
	slices.Reverse(recent.Events)
	lines, _ := tellAll(recent.Events)
	slices.Reverse(lines)
	if span == findSpan && len(lines) > 0 {
		f.Searched = searched{First: lines[len(lines)-1].Meta.Position, Last: lines[0].Meta.Position}
	}
	lines = slices.DeleteFunc(lines, func(e eventLine) bool {
		return !matches(words.Type, e.Title, e.Type, e.About) || !matches(words.By, e.Meta.By)
	})
	if names, err = s.calledOf(ctx, append(l.streams(), streamsOfLines(lines)...)); err != nil {
		return f, names, err
	}
	lines = slices.DeleteFunc(lines, func(e eventLine) bool {
		return !matches(words.Stream, names.stream(e.Meta.Stream), e.Meta.Stream.String())
	})
	f.Lines, f.Next = lines, recent.Next
	if len(lines) > recentPage {
		f.Lines, f.Next = lines[:recentPage], lines[recentPage-1].Meta.Position
		f.Searched.First = f.Next
	}
	return f, names, nil
}

func streamsOfLines(lines []eventLine) (streams []engine.StreamID) {
	for _, e := range lines {
		streams = append(streams, e.Meta.Stream)
	}
	return streams
}

// streams are those of what is parked and what is due later.
func (l look) streams() (streams []engine.StreamID) {
	texts := []string{}
	for _, p := range l.Parked {
		texts = append(texts, p.Key)
	}
	for _, c := range l.Scheduled {
		texts = append(texts, c.Stream)
	}
	for _, text := range texts {
		if stream, err := engine.ParseStream(text); err == nil {
			streams = append(streams, stream)
		}
	}
	return streams
}

// titlesOf are what the system's events are called, each once.
func titlesOf(system *engine.System) (titles []string) {
	for _, actor := range system.Actors() {
		for _, event := range actor.Events {
			titles = append(titles, eventTitle(event.Type))
		}
	}
	slices.Sort(titles)
	return slices.Compact(titles)
}
