package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/backstory-go/backstory/engine"
)

const scheduledPage = 500

func scheduledCommand(flags *flags) *cobra.Command {
	cmd := group(&cobra.Command{Use: "scheduled", Short: "Show and cancel commands that are due later"})
	cmd.AddCommand(scheduledListCommand(flags), scheduledCancelCommand(flags))
	return cmd
}

func scheduledListCommand(flags *flags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the commands that are due later, the next one first",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withReading(cmd, *flags, func(ctx context.Context, s session) error { return s.listScheduled(ctx, asJSON) })
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

// listScheduled prints a line for each, or a JSON value a line.
func (s session) listScheduled(ctx context.Context, asJSON bool) error {
	var last engine.ScheduledCommand
	for {
		list, err := s.eng.Scheduled(ctx, last, scheduledPage)
		if err != nil {
			return err
		}
		for _, c := range list {
			if asJSON {
				err = s.printJSON(c)
			} else {
				_, err = fmt.Fprintf(s.out, "%s %s %s of %s %s\n", c.Due.Format(time.RFC3339), c.ID, c.Type, c.Stream, c.Data)
			}
			if err != nil {
				return err
			}
			last = c
		}
		if len(list) < scheduledPage {
			return nil
		}
	}
}

func scheduledCancelCommand(flags *flags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "cancel <command id>",
		Short: "Give up a command that is not due yet",
		Args:  usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[0])
			if err != nil {
				return &usageError{fmt.Errorf("%q: want a command's UUID, as scheduled list prints them", args[0])}
			}
			return withSession(cmd, *flags, func(ctx context.Context, s session) error { return s.cancelScheduled(ctx, id, asJSON) })
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (s session) cancelScheduled(ctx context.Context, id uuid.UUID, asJSON bool) error {
	if err := s.eng.CancelScheduled(ctx, id); errors.Is(err, engine.ErrNotFound) {
		return fmt.Errorf("no command %s is due later (see app scheduled list): %w", id, err)
	} else if err != nil {
		return err
	}
	outcome, err := s.eng.Outcome(ctx, id)
	if err != nil {
		return err
	}
	if asJSON {
		return s.printJSON(outcome)
	}
	return s.printOutcome(outcome)
}
