package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/backstory-go/backstory/engine"
)

// historyPage is how many events or commands are read at a time.
const historyPage = 500

func historyCommand(flags *flags) *cobra.Command {
	var at string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "history <actor> <id>",
		Short: "Show a stream's commands and events, or its state at a version or time",
		Long: "Show what was asked of a stream and what happened in it, in the order of time: a line for each event begins\n" +
			"with its version, one for each command with a dash, and ends with what became of it. With --at, show the\n" +
			"stream's state as it was.",
		Example: "  app history todos.list 0190a5a0-0000-7000-8000-000000000001 --at 3",
		Args:    usageArgs(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var then point
			if at != "" {
				var err error
				if then, err = parsePoint("--at", "version", at); err != nil {
					return &usageError{err}
				}
			}
			return withReading(cmd, *flags, func(ctx context.Context, s session) error {
				stream, err := s.stream(args[0], args[1])
				if err != nil {
					return &usageError{err}
				}
				if at != "" {
					return s.stateAt(ctx, stream, then, asJSON)
				}
				return s.history(ctx, stream, asJSON)
			})
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "show the state at this version, or at this RFC 3339 time")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// stream is the one of an actor, named by its type or the last part of it, with an id.
func (s session) stream(actor, id string) (engine.StreamID, error) {
	var names []string
	for _, a := range s.system.Actors() {
		names = append(names, a.Type)
	}
	typ, err := lookup("actor", actor, names)
	if err != nil {
		return engine.StreamID{}, err
	}
	a, _ := s.system.Actor(typ)
	return streamOf(a, id)
}

// streamOf checks an identity.
func streamOf(actor *engine.Actor, id string) (engine.StreamID, error) {
	parsed, err := actor.ParseID(id)
	if faults, ok := errors.AsType[*engine.FaultsError](err); ok && len(faults.Faults) > 0 {
		err = errors.New(faults.Faults[0].Message)
	}
	if err != nil {
		return engine.StreamID{}, fmt.Errorf("the id %q of %s: %w", id, actor.Type, err)
	}
	return engine.StreamID{Type: actor.Type, ID: parsed}, nil
}

// pages reads a stream from its beginning. A stream without events is an error.
func (s session) pages(ctx context.Context, stream engine.StreamID, do func([]engine.Recorded) error) error {
	for after := int64(0); ; {
		page, err := s.eng.Events(ctx, stream, after, historyPage)
		if archived, ok := errors.AsType[*engine.ArchivedError](err); ok && after == 0 {
			if _, err := fmt.Fprintf(s.notes, "versions 1 to %d were archived\n", archived.Version); err != nil {
				return err
			}
			after = archived.Version
			page, err = s.eng.Events(ctx, stream, after, historyPage)
		}
		if err != nil {
			return err
		}
		if len(page) == 0 && after == 0 {
			return fmt.Errorf("%s has no events: %w", stream, engine.ErrNotFound)
		}
		if len(page) == 0 {
			return nil
		}
		if err := do(page); err != nil {
			return err
		}
		after = page[len(page)-1].Meta.Version
	}
}

// stateAt prints the state as it was: on one line with --json, else indented.
func (s session) stateAt(ctx context.Context, stream engine.StreamID, p point, asJSON bool) error {
	then, err := s.read(ctx, stream, p)
	if errors.Is(err, engine.ErrNotFound) && p.number > 0 {
		return fmt.Errorf("%s has no version %d: %w", stream, p.number, err)
	}
	if errors.Is(err, engine.ErrNotFound) {
		return fmt.Errorf("%s had no events at %s: %w", stream, p.time.Format(time.RFC3339Nano), err)
	}
	if err != nil {
		return err
	}
	actor, _ := s.system.Actor(stream.Type)
	state, err := actor.EncodeState(then.State)
	if err != nil {
		return fmt.Errorf("encode the state of %s: %w", stream, err)
	}
	view := struct {
		Type    string          `json:"type"`
		ID      string          `json:"id"`
		Version int64           `json:"version"`
		At      time.Time       `json:"at"`
		State   json.RawMessage `json:"state"`
	}{stream.Type, stream.ID, then.Version, then.At, state}
	if asJSON {
		return s.printJSON(view)
	}
	text, err := json.MarshalIndent(view, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s\n", text)
	return err
}

// read is the state at the point.
func (s session) read(ctx context.Context, stream engine.StreamID, p point) (engine.StreamState, error) {
	if p.number > 0 {
		return s.eng.State(ctx, stream, p.number)
	}
	return s.eng.StateAt(ctx, stream, p.time)
}
