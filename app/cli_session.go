package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// session is what a command works with: the database that serve uses, and an
// engine that decides nothing unless it is run.
type session struct {
	eng    *postgres.Engine
	system *engine.System
	out    io.Writer
	notes  io.Writer // what is said beside it
}

// sessionOpener is withSession or withReading.
type sessionOpener func(*cobra.Command, flags, func(ctx context.Context, s session) error) error

// withSession opens the database as serve does, for as long as do takes.
func withSession(cmd *cobra.Command, flags flags, do func(ctx context.Context, s session) error) error {
	return inSession(cmd, flags, false, do)
}

// withReading is withSession for a command that only reads: a standby will do.
func withReading(cmd *cobra.Command, flags flags, do func(ctx context.Context, s session) error) error {
	return inSession(cmd, flags, true, do)
}

// inSession logs only warnings: standard output is for what was asked for.
func inSession(cmd *cobra.Command, flags flags, reads bool, do func(ctx context.Context, s session) error) (err error) {
	cfg, err := loadConfig(flags, os.LookupEnv, ".env")
	if err != nil {
		return &usageError{err}
	}
	ctx, log := cmd.Context(), cfg.logger(cmd.ErrOrStderr(), slog.LevelWarn)
	database, err := openDatabase(ctx, cfg, log)
	if err != nil {
		return &codeError{exitUnreachable, err}
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	system := newSystem(cfg)
	eng, err := postgres.Open(ctx, postgres.Config{URL: database.url, DirectURL: database.directURL, OwnerURL: database.ownerURL, System: system, Log: log,
		OutcomeRetention: cfg.retention, ReadOnly: reads})
	if err != nil {
		return err
	}
	defer eng.Close()
	return do(ctx, session{eng: eng, system: system, out: cmd.OutOrStdout(), notes: cmd.ErrOrStderr()})
}

// printJSON writes one value on one line.
func (s session) printJSON(value any) error {
	encoder := json.NewEncoder(s.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// stamp is the form of a time that a person reads.
const stamp = "2006-01-02 15:04:05Z07:00"

// table prints lines whose columns stand below each other.
type table struct {
	out    *tabwriter.Writer
	faults []error
}

func (s session) table() *table { return &table{out: tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)} }

// line adds a line; tabs part its columns.
func (t *table) line(format string, args ...any) {
	_, err := fmt.Fprintf(t.out, format+"\n", args...)
	t.faults = append(t.faults, err)
}

// end prints what was added.
func (t *table) end() error { return errors.Join(append(t.faults, t.out.Flush())...) }

// jsonFlag is the same for every command that tells something.
func jsonFlag(cmd *cobra.Command, target *bool) {
	cmd.Flags().BoolVar(target, "json", false, "print JSON")
}
