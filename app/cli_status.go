package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/backstory-go/backstory/engine"
)

func statusCommand(flags *flags) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what the database's processes, consumers and commands are doing",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withSession(cmd, *flags, func(ctx context.Context, s session) error {
				status, err := s.eng.Status(ctx)
				if err != nil {
					return err
				}
				if asJSON {
					return s.printJSON(status)
				}
				return s.printStatus(status)
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (s session) printStatus(status engine.SystemStatus) error {
	out := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	var faults []error
	line := func(format string, args ...any) {
		_, err := fmt.Fprintf(out, format+"\n", args...)
		faults = append(faults, err)
	}
	line("head\t%d", status.Head)
	line("epoch\t%s", status.Epoch)
	if status.CallsPaused {
		line("calls\t%s", pausedLine)
	}
	c := status.Commands
	line("commands\t%d pending, %d scheduled, %d settling, %d parked", c.Pending, c.Scheduled, c.Settling, c.Parked)
	for _, p := range status.Processes {
		line("process\t%d on %s\t%v\tsince %s", p.PID, p.Host, p.Roles, p.StartedAt.Format("2006-01-02 15:04:05Z07:00"))
	}
	if len(status.Processes) == 0 {
		line("process\tnone: commands wait until an app runs")
	}
	for _, c := range status.Consumers {
		line("%s\t%s\t%s\tat %d\t%d events and %.1f s behind\t%d slots\t%d retrying, %d parked", c.Kind, c.Name, c.Status, c.Position, c.LagEvents, c.LagSeconds,
			c.Slots, c.Retrying, c.Parked)
	}
	for _, b := range status.Builds {
		line("folded anew\t%s\t%s\tat %d", b.Projection, buildState(b), b.Position)
		if b.GivenUp != "" {
			line("\t%s", b.GivenUp)
		}
	}
	return errors.Join(append(faults, out.Flush())...)
}

func buildState(b engine.BuildStatus) string {
	switch {
	case b.GivenUp != "":
		return "given up"
	case b.Running:
		return "running"
	}
	return "waits for a process"
}
