package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/backstory-go/backstory/engine"
)

// progressEvery is how often a long command tells how far it is.
const progressEvery = time.Second

func rebuildCommand(flags *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild <projection or reactor>",
		Short: "Build a projection anew beside the live one, then swap; or a reactor's states",
		Long: "Fold the whole log into a new table of the projection, while the live one is read and updated, then swap the two.\n" +
			"No reaction runs. A rebuild that was interrupted goes on where it was. Progress goes to standard error.\n" +
			"The states of a reactor are folded anew by the processes that run, while its reactions wait. What was given up, as it\n" +
			"ended every process that folded it (see status), begins again.",
		Example: "  app rebuild todos.listings",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withSession(cmd, *flags, func(ctx context.Context, s session) error {
				name, err := s.folded(args[0])
				if err != nil {
					return &usageError{err}
				}
				return s.rebuild(ctx, name, cmd.ErrOrStderr())
			})
		},
	}
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

func (s session) rebuild(ctx context.Context, name string, progress io.Writer) error {
	var last engine.Progress
	told := time.Now()
	err := s.eng.Rebuild(ctx, name, func(p engine.Progress) {
		last = p
		if time.Since(told) >= progressEvery {
			told = time.Now()
			_, _ = fmt.Fprintf(progress, "%d of %d events, about %s left\n", p.Position, p.Head, p.Remaining.Round(time.Second))
		}
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "rebuilt %s up to position %d in %s\n", name, last.Position, last.Elapsed.Round(time.Millisecond))
	return err
}
