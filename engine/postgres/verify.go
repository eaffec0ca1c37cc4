package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

const (
	mostFindings = 100 // more say nothing new, and memory stays flat
	verifyPage   = 1_000
)

// Verification is what Verify looked at and what it found to be wrong.
type Verification struct {
	Floor       int64                `json:"floor"` // the log begins after it
	Head        int64                `json:"head"`
	Events      int64                `json:"events"`
	Outcomes    int64                `json:"outcomes"`
	Projections []VerifiedProjection `json:"projections"`
	Unbuilt     []string             `json:"unbuilt"` // projections that no process has built since the import
	Findings    []Finding            `json:"findings"`
	LeftOut     int64                `json:"left_out"` // findings beyond the first hundred, as far as counted
}

// VerifiedProjection is a projection that was recomputed and compared.
type VerifiedProjection struct {
	Name     string `json:"name"`
	Position int64  `json:"position"` // the checkpoint that it was recomputed to
	Rows     int64  `json:"rows"`     // of the live table
}

// VerifyOptions say how a verification tells what it finds.
type VerifyOptions struct {
	ShowData bool // rows of read models as they are; default: hashes, as rows may hold personal data

	Progress func(Progress) // is told of events after each page; nil: nobody is
}

// Finding is one thing that is wrong in the database.
type Finding struct {
	Check   string `json:"check"`   // position, version, time, decode, outcome, inbox, consumer or projection
	Subject string `json:"subject"` // what it is about: a position, a command's id, a consumer
	Message string `json:"message"`
}

// Verify reads the whole database in one snapshot and holds it against the log's
// invariants: positions and versions are dense, time never runs back, every event
// can be decoded, every outcome has its events, every checkpoint and every held key
// is of what the log has, and every projection is what its events fold to.
// Projections are recomputed in a schema that is rolled back; the database's role
// needs the right to create it. The error is for a check that could not be made.
func (e *Engine) Verify(ctx context.Context, options VerifyOptions) (Verification, error) {
	conn, err := direct(ctx, e.cfg)
	if err != nil {
		return Verification{}, fault(ctx, err, "verify")
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		return Verification{}, fault(ctx, err, "verify")
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	v := &verifier{tx: tx, sql: enginedb.New(tx), system: e.system, consumers: e.consumers, options: options,
		out: Verification{Projections: []VerifiedProjection{}, Unbuilt: []string{}, Findings: []Finding{}}}
	if err := v.run(ctx); err != nil {
		return Verification{}, fault(ctx, err, "verify")
	}
	return v.out, nil
}

// verifier is one verification under way.
type verifier struct {
	tx        pgx.Tx
	sql       *enginedb.Queries
	system    *engine.System
	consumers []*consumer
	options   VerifyOptions
	out       Verification

	last time.Time // of the last event read
}

func (v *verifier) found(check, subject, format string, args ...any) {
	if len(v.out.Findings) == mostFindings {
		v.out.LeftOut++
		return
	}
	v.out.Findings = append(v.out.Findings, Finding{Check: check, Subject: subject, Message: fmt.Sprintf(format, args...)})
}

func (v *verifier) run(ctx context.Context) error {
	// It takes as long as it takes, and compares without a table of hashes in memory.
	_, err := v.tx.Exec(ctx, "select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true), set_config('enable_hashagg', 'off', true)")
	if err != nil {
		return err
	}
	if v.out.Head, err = v.sql.LogPosition(ctx); err != nil {
		return err
	}
	if v.out.Floor, err = v.sql.FloorGet(ctx); err != nil {
		return err
	}
	for _, check := range []func(context.Context) error{v.versions, v.outcomes, v.strayEvents, v.inbox, v.checkpoints, v.held} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	projections, err := v.scratch(ctx)
	if err != nil {
		return err
	}
	if err := v.events(ctx, projections); err != nil {
		return err
	}
	return v.compare(ctx, projections)
}

// events reads the log once, in pages: checks each event and feeds the projections.
func (v *verifier) events(ctx context.Context, projections []*recomputed) error {
	for after := v.out.Floor; ; {
		list, err := readLog(ctx, v.sql, after, verifyPage)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return v.finishAll(ctx, projections)
		}
		for _, r := range list {
			v.event(r, after)
			after = r.Meta.Position
		}
		for _, p := range projections {
			if err := v.feed(ctx, p, list); err != nil {
				return err
			}
		}
		if v.options.Progress != nil {
			v.options.Progress(Progress{Kind: lineEvent, Done: v.out.Events, Total: v.out.Head - v.out.Floor})
		}
	}
}

func (v *verifier) finishAll(ctx context.Context, projections []*recomputed) error {
	for _, r := range projections {
		if err := v.finish(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) event(r *record, before int64) {
	subject := fmt.Sprintf("position %d", r.Meta.Position)
	v.out.Events++
	if r.Meta.Position != before+1 {
		v.found("position", subject, "follows position %d: events between are missing", before)
	}
	if r.Meta.At.Before(v.last) {
		v.found("time", subject, "was stored at %s, before its predecessor at %s",
			r.Meta.At.Format(time.RFC3339Nano), v.last.Format(time.RFC3339Nano))
	}
	v.last = r.Meta.At
	if _, err := r.decoded(v.system); err != nil {
		v.found("decode", subject, "%s version %d of %s: %v", r.Type, r.Meta.Version, r.Meta.Stream, err)
	}
}

func (v *verifier) versions(ctx context.Context) error {
	rows, err := v.sql.VerifyVersions(ctx, enginedb.VerifyVersionsParams{Most: mostFindings})
	for _, row := range rows {
		subject := fmt.Sprintf("position %d", row.Position)
		if row.Version != row.Expected {
			v.found("version", subject, "is version %d of %s, want %d", row.Version, row.Stream, row.Expected)
			continue
		}
		v.found("version", subject, "is version %d of %s, whose version before is at position %d", row.Version, row.Stream, row.Before)
	}
	return err
}

func (v *verifier) outcomes(ctx context.Context) (err error) {
	if v.out.Outcomes, err = v.sql.VerifyOutcomeCount(ctx); err != nil {
		return err
	}
	without, err := v.sql.VerifyOutcomeEvents(ctx, enginedb.VerifyOutcomeEventsParams{Most: mostFindings})
	if err != nil {
		return err
	}
	for _, o := range without {
		v.found("outcome", o.ID.String(), "%s led to %d events from position %d, of which %d are in the log", o.Type, o.Events, o.FirstPosition, o.Found)
	}
	wrong, err := v.sql.VerifyStatuses(ctx, enginedb.VerifyStatusesParams{Most: mostFindings})
	for _, o := range wrong {
		v.found("outcome", o.ID.String(), "%s is %s, which its refusal or its events contradict", o.Type, o.Status)
	}
	return err
}

func (v *verifier) strayEvents(ctx context.Context) error {
	rows, err := v.sql.VerifyStrayEvents(ctx, enginedb.VerifyStrayEventsParams{Most: mostFindings})
	for _, row := range rows {
		v.found("outcome", fmt.Sprintf("position %d", row.Position), "%s names command %s, whose outcome does not have it", row.Type, row.Causation)
	}
	return err
}

func (v *verifier) inbox(ctx context.Context) error {
	rows, err := v.sql.VerifyInbox(ctx, enginedb.VerifyInboxParams{Most: mostFindings})
	for _, row := range rows {
		v.found("inbox", row.ID.String(), "%s waits to be decided and has an outcome", row.Type)
	}
	return err
}

func (v *verifier) checkpoints(ctx context.Context) error {
	rows, err := v.sql.VerifyCheckpoints(ctx, enginedb.VerifyCheckpointsParams{Most: mostFindings})
	for _, row := range rows {
		v.found("consumer", row.Consumer, "has its checkpoint at %d in slot %d, past the log's head at %d", row.Position, row.Slot, v.out.Head)
	}
	return err
}

func (v *verifier) held(ctx context.Context) error {
	rows, err := v.sql.VerifyHeld(ctx, enginedb.VerifyHeldParams{Most: mostFindings})
	for _, row := range rows {
		v.found("consumer", row.Consumer, "holds key %q by the event at %d, which is not the key's or not in the log", row.Key, row.FromPosition)
	}
	return err
}
