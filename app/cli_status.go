package main

import (
	"context"

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
			return withReading(cmd, *flags, func(ctx context.Context, s session) error {
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
	t := s.table()
	t.line("head\t%d", status.Head)
	t.line("epoch\t%s", status.Epoch)
	if status.CallsPaused {
		t.line("calls\t%s", pausedLine)
	}
	c := status.Commands
	t.line("commands\t%d pending, %d scheduled, %d settling, %d parked", c.Pending, c.Scheduled, c.Settling, c.Parked)
	for _, p := range status.Processes {
		t.line("process\t%d on %s\t%v\tsince %s", p.PID, p.Host, p.Roles, p.StartedAt.Format(stamp))
	}
	if len(status.Processes) == 0 {
		t.line("process\tnone: commands wait until an app runs")
	}
	for _, c := range status.Consumers {
		t.line("%s\t%s\t%s\tat %d\t%d events and %.1f s behind\t%d slots\t%d retrying, %d parked", c.Kind, c.Name, c.Status, c.Position, c.LagEvents, c.LagSeconds,
			c.Slots, c.Retrying, c.Parked)
	}
	for _, b := range status.Builds {
		t.line("folded anew\t%s\t%s\tat %d", b.Projection, buildState(b), b.Position)
		if b.GivenUp != "" {
			t.line("\t%s", b.GivenUp)
		}
	}
	return t.end()
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
