// Command app serves the TODO app: it wires schemas, decisions, engine and
// pages together. It owns configuration, start and stop; it decides nothing.
//
// Only this package knows everything. What it starts it also stops, in the
// opposite order.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	collectSeldom()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		if text := said(ctx, err); text != "" {
			fmt.Fprintln(os.Stderr, "app:", text)
		}
		stop()
		os.Exit(exitCode(err))
	}
}

// collectSeldom lets the heap grow to four times what is in use before garbage is
// collected, unless GOGC says something: little stays in use, much is made for one
// message, and PostgreSQL mostly wants the same processors.
func collectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300)
	}
}

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
	root.PersistentFlags().StringVar(&flags.retention, "outcome-retention", "", "how long outcomes of commands are kept, for example 720h (default for ever)")
	root.PersistentFlags().StringVar(&flags.logFormat, "log-format", "text", "text or json")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{fmt.Errorf("%w\nusage: %s", err, cmd.UseLine())}
	})
	root.AddCommand(serve, sendCommand(&flags), historyCommand(&flags), statusCommand(&flags), scheduledCommand(&flags), verifyCommand(&flags), parkedCommand(&flags), adoptCommand(&flags),
		exportCommand(&flags), importCommand(&flags), archiveCommand(&flags), benchCommand(&flags))
	root.AddCommand(rebuildCommand(&flags), probeCommand(&flags))
	return root
}

func runServe(cmd *cobra.Command, flags flags) error {
	cfg, err := loadConfig(flags, os.LookupEnv, ".env")
	if err != nil {
		return &usageError{err}
	}
	return serve(cmd.Context(), cfg, cmd.OutOrStdout())
}
