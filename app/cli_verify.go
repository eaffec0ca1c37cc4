package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/backstory-go/backstory/engine/postgres"
)

func verifyCommand(flags *flags) *cobra.Command {
	var asJSON bool
	var options postgres.VerifyOptions
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check the whole log and recompute every projection",
		Long: "Check the log's invariants, decode every event, and recompute every projection beside the live one.\n" +
			"It changes nothing, and may run while the app does. Progress goes to standard error.\n\nExit code 7: something is wrong.",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withSession(cmd, *flags, func(ctx context.Context, s session) error { return s.verify(ctx, options, asJSON) })
		},
	}
	jsonFlag(cmd, &asJSON)
	cmd.Flags().BoolVar(&options.ShowData, "show-data", false, "show the rows that differ, not their hashes; they may hold personal data")
	return cmd
}

func (s session) verify(ctx context.Context, options postgres.VerifyOptions, asJSON bool) error {
	options.Progress = reporter(s.notes, "checked", "events")
	v, err := s.eng.Verify(ctx, options)
	if err != nil {
		return err
	}
	if asJSON {
		err = s.printJSON(struct {
			OK bool `json:"ok"`
			postgres.Verification
		}{len(v.Findings) == 0, v})
	} else {
		err = s.printVerification(v)
	}
	if err == nil && len(v.Findings) > 0 {
		err = &codeError{code: exitWrong}
	}
	return err
}

func (s session) printVerification(v postgres.Verification) error {
	for _, f := range v.Findings {
		if _, err := fmt.Fprintf(s.out, "%s: %s: %s\n", f.Check, f.Subject, f.Message); err != nil {
			return err
		}
	}
	if v.LeftOut > 0 {
		if _, err := fmt.Fprintf(s.out, "and %d more\n", v.LeftOut); err != nil {
			return err
		}
	}
	for _, p := range v.Projections {
		if _, err := fmt.Fprintf(s.out, "compared %s: %d rows at position %d\n", p.Name, p.Rows, p.Position); err != nil {
			return err
		}
	}
	for _, name := range v.Unbuilt {
		if _, err := fmt.Fprintf(s.out, "left out %s: not built since the import; an app that runs builds it, or app rebuild\n", name); err != nil {
			return err
		}
	}
	verdict := "nothing is wrong"
	if n := int64(len(v.Findings)) + v.LeftOut; n > 0 {
		verdict = fmt.Sprintf("%d things are wrong", n)
	}
	_, err := fmt.Fprintf(s.out, "read %d events and %d outcomes: %s\n", v.Events, v.Outcomes, verdict)
	return err
}
