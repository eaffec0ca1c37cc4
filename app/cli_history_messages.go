package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// history prints a stream's events, in pages, and between them the commands, in
// the order of time; with asJSON all of them at once.
func (s session) history(ctx context.Context, stream engine.StreamID, asJSON bool) error {
	commands, err := s.commands(ctx, stream)
	if err != nil {
		return err
	}
	view := struct {
		Events   []engine.Recorded `json:"events"`
		Commands []askedCommand    `json:"commands"`
	}{[]engine.Recorded{}, commands}
	err = s.pages(ctx, stream, func(page []engine.Recorded) error {
		if asJSON {
			view.Events = append(view.Events, page...)
			return nil
		}
		for _, r := range page {
			n := 0
			for n < len(commands) && !commands[n].At.After(r.Meta.At) {
				n++
			}
			if err := s.printCommands(commands[:n]); err != nil {
				return err
			}
			commands = commands[n:]
			_, err := fmt.Fprintf(s.out, "%d  %s  %s  %s  %s\n", r.Meta.Version, r.Meta.At.Format(time.RFC3339Nano), r.Meta.By, r.Type, r.Data)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && asJSON {
		return s.printJSON(view)
	}
	if err == nil {
		err = s.printCommands(commands)
	}
	return err
}

// askedCommand is a decided command as history shows it.
type askedCommand struct {
	Kind    string              `json:"kind"` // command
	ID      uuid.UUID           `json:"id"`
	Type    string              `json:"type"`
	At      time.Time           `json:"at"`
	By      string              `json:"by"`
	Data    json.RawMessage     `json:"data"`
	Status  engine.Status       `json:"status"`
	Refusal *engine.RefusalInfo `json:"refusal,omitempty"`
}

// commands are those that were decided for the stream, the first one first, as far
// as their outcomes are kept. Several may have been asked for at one instant.
func (s session) commands(ctx context.Context, stream engine.StreamID) ([]askedCommand, error) {
	list, seen := []askedCommand{}, map[uuid.UUID]bool{}
	var before time.Time
	for limit := historyPage; ; {
		page, err := s.eng.Commands(ctx, stream, before, limit)
		if err != nil {
			return nil, err
		}
		known := len(list)
		for _, o := range page {
			if !seen[o.ID] {
				seen[o.ID] = true
				list = append(list, askedCommand{"command", o.ID, o.Type, o.At, o.By, o.Data, o.Status, o.Refusal})
			}
		}
		if len(page) < limit {
			slices.Reverse(list)
			return list, nil
		}
		if len(list) == known {
			limit *= 2
		}
		before = page[len(page)-1].At.Add(time.Microsecond)
	}
}

// printCommands prints a line each: a dash, since a command has no version.
func (s session) printCommands(list []askedCommand) error {
	for _, c := range list {
		became := string(c.Status)
		if c.Refusal != nil {
			became += " " + c.Refusal.Code
		}
		if _, err := fmt.Fprintf(s.out, "-  %s  %s  %s  %s  %s\n", c.At.Format(time.RFC3339Nano), c.By, c.Type, c.Data, became); err != nil {
			return err
		}
	}
	return nil
}
