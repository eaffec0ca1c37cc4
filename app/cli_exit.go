package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"github.com/backstory-go/backstory/engine"
)

// Exit codes of the command line: scripts rely on them.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitRefused     = 3
	exitUnsettled   = 4
	exitFailed      = 5
	exitUnreachable = 6 // nobody listens, or this user or database is not let in
	exitWrong       = 7 // verify found something wrong
)

// usageError is a mistake of the person who typed the command.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// codeError ends the process with a code of its own. Without a cause, everything
// there is to say stands on standard output.
type codeError struct {
	code  int
	cause error
}

func (e *codeError) Error() string {
	if e.cause == nil {
		return ""
	}
	return e.cause.Error()
}

func (e *codeError) Unwrap() error { return e.cause }

// exitCode is what the process ends with.
func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	if coded, ok := errors.AsType[*codeError](err); ok {
		return coded.code
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	if _, refused := errors.AsType[*pgconn.ConnectError](err); refused || errors.Is(err, engine.ErrUnavailable) {
		return exitUnreachable
	}
	return exitError
}

// said is what is told of an error; ctx ends with Ctrl-C.
func said(ctx context.Context, err error) string {
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx))) {
		return "interrupted: " + err.Error()
	}
	return err.Error()
}

// group makes a command that only has commands below it: alone it shows them.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = usageArgs(cobra.NoArgs)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}

// usageArgs makes wrong arguments a usageError.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &usageError{fmt.Errorf("%w\nusage: %s", err, cmd.UseLine())}
		}
		return nil
	}
}
