package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// pausedLine is said wherever a copy shows itself.
const pausedLine = "Outside calls wait: this database is a copy of another one. `app adopt` lets them go."

func adoptCommand(flags *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "adopt",
		Short: "Let a copied database call the outside",
		Long: "A database that was restored, imported or copied starts with its outside calls paused: reactions that\n" +
			"call other systems wait, so that a test system does not write to people. This lets them go, here and\n" +
			"in every running process.",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withSession(cmd, *flags, func(ctx context.Context, s session) error {
				news, err := s.eng.Adopt(ctx)
				if err != nil {
					return err
				}
				text := "adopted: outside calls go on"
				if !news {
					text = "nothing to do: this database may call the outside"
				}
				_, err = fmt.Fprintln(s.out, text)
				return err
			})
		},
	}
}
