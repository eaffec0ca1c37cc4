package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/backstory-go/backstory/engine/postgres"
)

func archiveCommand(flags *flags) *cobra.Command {
	var before, file string
	cmd := &cobra.Command{
		Use:   "archive",
		Short: "Move the beginning of the log into a file",
		Long: "Move the events before a position or a time into a file of JSON Lines. The file is written and read back; then,\n" +
			"at once, the events leave the log, and the states and read models that they led to are kept as its beginning.\n" +
			"What lies below answers `archived`. The app may run. The last event always stays.\n\n" +
			"It works as the role of DATABASE_OWNER_URL. The file holds personal data wherever events do.",
		Example: "  app archive --before 2026-01-01T00:00:00Z --to 2025.jsonl",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			below, err := parsePoint("--before", "position", before)
			if err == nil && file == "" {
				err = errors.New("--to is missing: name the file to write")
			}
			if err != nil {
				return &usageError{err}
			}
			return withSession(cmd, *flags, func(ctx context.Context, s session) error {
				out, err := s.eng.Archive(ctx, postgres.ArchiveRange{Position: below.number, Time: below.time}, file, reporter(s.notes, "written", "lines"))
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(s.out, "archived positions %d to %d in %s (sha256 %s)\n", out.First, out.Last, out.File, out.SHA256)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&before, "before", "", "a position, or an RFC 3339 time (required)")
	cmd.Flags().StringVar(&file, "to", "", "the file to write; it must not exist (required)")
	return cmd
}
