package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/user"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// sendFlags are those of `app send`.
type sendFlags struct {
	stream, data, id, by string
	wait                 time.Duration
	json                 bool
}

func sendCommand(flags *flags) *cobra.Command {
	var f sendFlags
	cmd := &cobra.Command{
		Use:   "send <command type>",
		Short: "Submit a command and wait for its outcome",
		Long: "Submit a command and wait for its outcome. When no app runs, the command is decided here.\n\n" +
			"Exit codes: 0 accepted; 2 wrong usage or data; 3 refused; 4 not settled in time; 5 failed; 6 database unreachable.",
		Example: `  app send todos.list.create --stream 0190a5a0-0000-7000-8000-000000000001 --data '{"name":"Groceries"}'`,
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			submission, err := f.submission(args[0])
			if err != nil {
				return &usageError{err}
			}
			return withSession(cmd, *flags, func(ctx context.Context, s session) error { return s.send(ctx, submission, f) })
		},
	}
	cmd.Flags().StringVar(&f.stream, "stream", "", "identity of the stream, without its type (required)")
	cmd.Flags().StringVar(&f.data, "data", "{}", "the command's fields as JSON")
	cmd.Flags().StringVar(&f.id, "id", "", "the command's UUID: sent again under the same one, it is done once")
	cmd.Flags().StringVar(&f.by, "by", "", "who asks (default: the user of this system)")
	cmd.Flags().DurationVar(&f.wait, "wait", 5*time.Second, "how long to wait for the outcome")
	jsonFlag(cmd, &f.json)
	return cmd
}

func (f sendFlags) submission(typ string) (engine.Submission, error) {
	s := engine.Submission{Type: typ, StreamID: f.stream, Data: json.RawMessage(f.data), By: f.by}
	if f.stream == "" {
		return s, errors.New("--stream is missing: name the stream that the command is for, for example a UUID of a new one")
	}
	if f.wait < 0 {
		return s, fmt.Errorf("--wait %s: want 0 or more", f.wait)
	}
	s.ID = uuid.Must(uuid.NewV7())
	if f.id != "" {
		id, err := uuid.Parse(f.id)
		if err != nil || id == uuid.Nil {
			return s, fmt.Errorf("--id %q: want a UUID", f.id)
		}
		s.ID = id
	}
	if s.By == "" {
		s.By = systemUser()
	}
	return s, nil
}

func systemUser() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "cli"
}

func (s session) send(ctx context.Context, submission engine.Submission, f sendFlags) error {
	if actor, ok := s.system.ActorOf(submission.Type); ok {
		if _, err := streamOf(actor, f.stream); err != nil {
			return &usageError{fmt.Errorf("--stream: %w", err)}
		}
	}
	id, err := s.eng.Submit(ctx, submission)
	if err != nil {
		return s.submitError(err, submission)
	}
	outcome, err := settle(ctx, s.eng, id, f.wait)
	if err != nil {
		return fmt.Errorf("%w\nthe command is stored; send it again with --id %s to learn what became of it", err, id)
	}
	if f.json {
		err = s.printJSON(outcome)
	} else {
		err = s.printOutcome(outcome)
	}
	if err != nil {
		return err
	}
	return outcomeError(outcome, f.wait)
}

// submitError tells mistakes of the sender from those of the surroundings.
func (s session) submitError(err error, submission engine.Submission) error {
	typ := submission.Type
	if faults, ok := errors.AsType[*engine.FaultsError](err); ok {
		lines := []string{"the data of " + typ + " is wrong:"}
		for _, f := range faults.Faults {
			pointer := f.Pointer
			if pointer == "" {
				pointer = "(data)"
			}
			lines = append(lines, "  "+pointer+": "+f.Message)
		}
		return &usageError{errors.New(strings.Join(lines, "\n"))}
	}
	switch {
	case errors.Is(err, engine.ErrUnknownCommand):
		return &usageError{fmt.Errorf("no command %q; there are %s", typ, strings.Join(s.commandTypes(), ", "))}
	case errors.Is(err, engine.ErrIDReused):
		return &codeError{exitRefused, fmt.Errorf("refused %s: %w", engine.CodeIDReused, err)}
	case errors.Is(err, engine.ErrExpired):
		return &codeError{exitRefused, fmt.Errorf("refused %s: %w", engine.CodeExpired, err)}
	case errors.Is(err, engine.ErrUnavailable), errors.Is(err, context.Canceled):
		return fmt.Errorf("%w\nwhether the command was stored is not known; send it again with --id %s: it is done once", err, submission.ID)
	}
	return err
}

// commandTypes are those that anyone may send.
func (s session) commandTypes() []string {
	var types []string
	for _, actor := range s.system.Actors() {
		for _, c := range actor.Commands {
			if !c.Internal {
				types = append(types, c.Type)
			}
		}
	}
	return types
}

// settle waits for the outcome, and decides here while no other process does.
func settle(ctx context.Context, eng *postgres.Engine, id uuid.UUID, wait time.Duration) (engine.Outcome, error) {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	working, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- stepIn(working, eng) }()
	outcome, err := eng.Wait(waiting, id)
	stop()
	if failed := <-ended; failed != nil && err != nil {
		return outcome, failed
	}
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return eng.Outcome(ctx, id) // as it stands
	}
	return outcome, err
}

// stepIn runs the engine once no other process works; a process that was killed
// counts until its heartbeat is old.
func stepIn(ctx context.Context, eng *postgres.Engine) error {
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	for {
		if alive, err := eng.Workers(ctx); err == nil && alive == 0 {
			return eng.Run(ctx)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// printOutcome writes a line each for the status, the events and the refusal.
func (s session) printOutcome(o engine.Outcome) error {
	lines := []string{fmt.Sprintf("%s %s %s of %s", o.Status, o.Type, o.ID, o.Stream)}
	for _, e := range o.Events {
		lines = append(lines, fmt.Sprintf("event %s version %d position %d %s", e.Type, e.Version, e.Position, e.Data))
	}
	if o.Refusal != nil {
		lines = append(lines, fmt.Sprintf("refusal %s: %s", o.Refusal.Code, o.Refusal.Message))
	}
	_, err := fmt.Fprintln(s.out, strings.Join(lines, "\n"))
	return err
}

// outcomeError is what the process ends with after an outcome.
func outcomeError(o engine.Outcome, wait time.Duration) error {
	switch o.Status {
	case engine.Accepted:
		return nil
	case engine.Refused, engine.Cancelled:
		return &codeError{code: exitRefused}
	case engine.Failed:
		return &codeError{exitFailed, fmt.Errorf("the command failed: %s", o.Error)}
	}
	return &codeError{exitUnsettled, fmt.Errorf("the command is %s after %s; send it again with --id %s to learn what became of it", o.Status, wait, o.ID)}
}
