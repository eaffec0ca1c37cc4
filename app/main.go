// Command app serves the TODO app: it wires schemas, decisions, engine and
// pages together. It owns configuration, start and stop; it decides nothing.
//
// Only this package knows everything. What it starts it also stops, in the
// opposite order.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// exit codes of the command line.
const (
	exitError = 1
	exitUsage = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "app:", err)
		stop()
		var usage *usageError
		if errors.As(err, &usage) {
			os.Exit(exitUsage)
		}
		os.Exit(exitError)
	}
}

// usageError is a mistake of the person who typed the command.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// command is the command line: without a subcommand it serves.
func command() *cobra.Command {
	var flags flags
	root := &cobra.Command{
		Use:           "app",
		Short:         "The TODO app of Backstory",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          usageArgs(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return runServe(cmd, flags) },
	}
	serve := &cobra.Command{
		Use:   "serve",
		Short: "Serve the app (the default)",
		Args:  usageArgs(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return runServe(cmd, flags) },
	}
	root.PersistentFlags().StringVar(&flags.addr, "addr", "", "address to listen on (default 127.0.0.1:9292, or PORT on all interfaces)")
	root.PersistentFlags().StringVar(&flags.roles, "role", "web,worker", "web serves pages; worker also decides commands and updates read models")
	root.PersistentFlags().StringVar(&flags.logFormat, "log-format", "text", "text or json")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(serve)
	return root
}

// usageArgs makes wrong arguments a usageError.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &usageError{err}
		}
		return nil
	}
}

func runServe(cmd *cobra.Command, flags flags) error {
	cfg, err := loadConfig(flags, os.LookupEnv, ".env")
	if err != nil {
		return &usageError{err}
	}
	return serve(cmd.Context(), cfg, cmd.OutOrStdout())
}
