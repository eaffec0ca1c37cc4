package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/backstory-go/backstory/engine/postgres"
)

func exportCommand(flags *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Write the log as JSON Lines to standard output",
		Long: "Write events, outcomes, waiting commands and checkpoints as JSON Lines to standard output, from one snapshot;\n" +
			"the app may run. Read models are left out: an import builds them anew.\n\n" +
			"An export holds personal data wherever events and commands do: treat the file as you treat the database.",
		Example: "  app export > log.jsonl",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withReading(cmd, *flags, func(ctx context.Context, s session) error {
				return s.eng.Export(ctx, s.out, reporter(cmd.ErrOrStderr(), "exported", "lines"))
			})
		},
	}
}

func importCommand(flags *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "import",
		Short: "Read an export from standard input into an empty database",
		Long: "Read an export from standard input into an empty database, with the same positions and times. All of it\n" +
			"becomes visible at once; an import that fails or is interrupted leaves nothing, and can be begun again.\n" +
			"Read models are built when the app runs. Outside calls wait for `app adopt`.",
		Example: "  DATABASE_URL=postgres://… app import < log.jsonl",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withSession(cmd, *flags, func(ctx context.Context, s session) error {
				err := s.eng.Import(ctx, cmd.InOrStdin(), reporter(cmd.ErrOrStderr(), "imported", "lines"))
				if errors.Is(err, postgres.ErrNotEmpty) {
					return fmt.Errorf("%w: import into a new one", err)
				}
				if err == nil && s.eng.Epoch().CallsPaused {
					_, err = fmt.Fprintln(cmd.ErrOrStderr(), pausedLine)
				}
				return err
			})
		},
	}
}

// reporter tells on standard error how far something is, once a second and at the end.
func reporter(w io.Writer, done, what string) func(postgres.Progress) {
	last := time.Now()
	return func(p postgres.Progress) {
		if time.Since(last) < progressEvery && p.Done < p.Total {
			return
		}
		last = time.Now()
		_, _ = fmt.Fprintf(w, "%s %d of %d %s\n", done, p.Done, p.Total, what) // standard error that is gone is nobody's loss
	}
}
