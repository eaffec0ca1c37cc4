package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/backstory-go/backstory/engine"
)

// progressEvery is how often a long command tells how far it is.
const progressEvery = time.Second

func rebuildCommand(flags *flags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rebuild <projection or reactor>",
		Short: "Build a projection anew beside the live one, then swap; or a reactor's states",
		Long: "Fold the whole log into a new table of the projection, while the live one is read and updated, then swap the two.\n" +
			"No reaction runs. A rebuild that was interrupted goes on where it was. Progress goes to standard error.\n" +
			"The states of a reactor are folded anew by the processes that run, while its reactions wait. What was given up, as it\n" +
			"ended every process that folded it (see status), begins again.\n\n" +
			"At its end it tells of how many keys an event could not be folded: each is tried again, or parked.",
		Example: "  app rebuild todos.listings",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withSession(cmd, *flags, func(ctx context.Context, s session) error {
				name, err := s.folded(args[0])
				if err != nil {
					return &usageError{err}
				}
				return s.rebuild(ctx, name, asJSON)
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

// folded is a projection, or a reactor with state, by its name or the last part of it.
func (s session) folded(name string) (string, error) {
	var names []string
	for _, p := range s.system.Projections() {
		names = append(names, p.Name)
	}
	for _, r := range s.system.Reactors() {
		if r.Evolve != nil {
			names = append(names, r.Type)
		}
	}
	return lookup("projection or reactor with state", name, names)
}

// rebuilt is what a rebuild came to.
type rebuilt struct {
	Name     string  `json:"name"`
	Position int64   `json:"position"` // folded up to here
	Seconds  float64 `json:"seconds"`
	Retrying int64   `json:"retrying"` // keys that are held by a message, and tried again
	Parked   int64   `json:"parked"`   // keys whose messages were given up
}

func (s session) rebuild(ctx context.Context, name string, asJSON bool) error {
	var last engine.Progress
	told := time.Now()
	err := s.eng.Rebuild(ctx, name, func(p engine.Progress) {
		last = p
		if time.Since(told) >= progressEvery {
			told = time.Now()
			_, _ = fmt.Fprintf(s.notes, "%d of %d events, about %s left\n", p.Position, p.Head, p.Remaining.Round(time.Second))
		}
	})
	if err != nil {
		return err
	}
	status, err := s.eng.Status(ctx)
	if err != nil {
		return fmt.Errorf("rebuilt %s; count what it left: %w", name, err)
	}
	out := rebuilt{Name: name, Position: last.Position, Seconds: last.Elapsed.Seconds()}
	for _, c := range status.Consumers {
		if c.Name == name {
			out.Retrying, out.Parked = c.Retrying, c.Parked
		}
	}
	if asJSON {
		return s.printJSON(out)
	}
	return s.printRebuilt(out, last.Elapsed)
}

func (s session) printRebuilt(r rebuilt, elapsed time.Duration) error {
	_, err := fmt.Fprintf(s.out, "rebuilt %s up to position %d in %s\n", r.Name, r.Position, elapsed.Round(time.Millisecond))
	if err == nil && r.Retrying+r.Parked > 0 {
		_, err = fmt.Fprintf(s.out, "keys that it could not fold to their end: %d parked, %d tried again (see app parked list --consumer %s)\n", r.Parked, r.Retrying, r.Name)
	}
	return err
}
