package main

import (
	"context"
	"fmt"
	"io"
	"strings"
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

// folded finds a projection, or a reactor with state, by its name, or by its last part
// where only one has it.
func (s session) folded(name string) (string, error) {
	var found, all []string
	for _, p := range s.system.Projections() {
		all = append(all, p.Name)
	}
	for _, r := range s.system.Reactors() {
		if r.Evolve != nil {
			all = append(all, r.Type)
		}
	}
	for _, n := range all {
		if n == name {
			return name, nil
		}
		if strings.HasSuffix(n, "."+name) {
			found = append(found, n)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("nothing to rebuild is named %q; there are %s", name, strings.Join(all, ", "))
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%q could be %s: give the whole name", name, strings.Join(found, " or "))
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
