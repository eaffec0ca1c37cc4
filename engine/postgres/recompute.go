package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// recomputed is a projection that is folded a second time, beside the live one.
type recomputed struct {
	c         *consumer
	p         *engine.Projection
	positions []int64          // the live one's checkpoints, by slot
	held      map[string]int64 // keys of which it lacks the events from a position on
	broken    bool             // cannot be folded to its end
	fold      engine.Folding
}

// position is how far the live one has come as a whole.
func (r *recomputed) position() int64 { return slices.Min(r.positions) }

// has says whether the live one has applied the message.
func (r *recomputed) has(m *message) bool {
	from, held := r.held[m.key]
	return m.Meta.Position <= r.positions[shard(m.key, int32(len(r.positions)))] && (!held || m.Meta.Position < from)
}

// scratchSchema is only ever seen by the transaction that makes it.
const scratchSchema = "backstory_verify"

// scratch makes the empty tables.
func (v *verifier) scratch(ctx context.Context) ([]*recomputed, error) {
	// Public stays visible: live tables find its types and functions too. Tables
	// that begin empty need plans that stay right while they grow (see forEngine).
	_, err := v.tx.Conn().PgConn().Exec(ctx, "create schema "+scratchSchema+"; set local search_path to "+scratchSchema+
		", public; set local enable_seqscan to off; set local jit to off").ReadAll()
	if err != nil {
		return nil, fmt.Errorf("make the schema in which projections are recomputed (the database's role needs the right CREATE on the database): %w", err)
	}
	var list []*recomputed
	for _, c := range v.consumers {
		if c.projection == nil {
			continue
		}
		r, err := v.empty(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("make an empty %s: %w", c.name, err)
		}
		if r != nil {
			list = append(list, r)
		}
	}
	return list, nil
}

// empty makes one projection's table; nil: there is nothing to compare it with.
func (v *verifier) empty(ctx context.Context, c *consumer) (*recomputed, error) {
	found, err := v.sql.ConsumerFind(ctx, enginedb.ConsumerFindParams{Name: c.name})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, err
	}
	slots, err := v.sql.SlotPositions(ctx, enginedb.SlotPositionsParams{Consumer: c.name})
	if err != nil {
		return nil, err
	}
	if err == nil && found.Hash == "" {
		v.out.Unbuilt = append(v.out.Unbuilt, c.name)
		return nil, nil
	}
	if found.Hash != c.hash || len(slots) == 0 {
		v.found("projection", c.name, "is stored with another definition than this program's: verify it with the program that runs")
		return nil, nil
	}
	r := &recomputed{c: c, p: c.projection, held: map[string]int64{}, fold: folding(c.projection)}
	for _, s := range slots {
		r.positions = append(r.positions, s.Position)
	}
	held, err := v.sql.HeldAll(ctx, enginedb.HeldAllParams{Consumer: c.name})
	if err != nil {
		return nil, err
	}
	for _, h := range held {
		r.held[h.Key] = h.FromPosition
	}
	if _, err = v.tx.Conn().PgConn().Exec(ctx, c.projection.DDL).ReadAll(); err == nil {
		_, err = seed(ctx, v.tx, c.projection, scratchSchema)
	}
	return r, err
}

// feed folds what concerns the projection of a page of the log.
func (v *verifier) feed(ctx context.Context, r *recomputed, list []*record) error {
	batch := v.batch(r, list)
	if len(batch) == 0 {
		return nil
	}
	return v.try(ctx, r, func(tx pgx.Tx) error {
		if err := r.fold.Apply(ctx, tx, batch); err != nil {
			return fmt.Errorf("events %d to %d: %w", batch[0].Meta.Position, batch[len(batch)-1].Meta.Position, err)
		}
		return spill(ctx, r.fold, tx, keptRows)
	})
}

// finish writes what is still in memory.
func (v *verifier) finish(ctx context.Context, r *recomputed) error {
	if r.broken {
		return nil
	}
	return v.try(ctx, r, func(tx pgx.Tx) error { return r.fold.Write(ctx, tx) })
}

// try does something that fails the projection, not the verification.
func (v *verifier) try(ctx context.Context, r *recomputed, do func(tx pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, v.tx, do)
	if err != nil && (ctx.Err() != nil || surroundings(err)) {
		return err
	}
	if err != nil {
		v.breaks(r, "%v", err)
	}
	return nil
}

// batch is what concerns the projection of a page; nothing once it is broken.
func (v *verifier) batch(r *recomputed, list []*record) []engine.Recorded {
	var batch []engine.Recorded
	for _, rec := range list {
		if r.broken || !r.c.concerns(rec) {
			continue
		}
		m := r.c.message(rec)
		if !r.has(m) {
			continue
		}
		if m.err != nil {
			v.breaks(r, "event %d cannot be decoded", rec.Meta.Position)
			return nil
		}
		batch = append(batch, m.event)
	}
	return batch
}

func (v *verifier) breaks(r *recomputed, format string, args ...any) {
	r.broken = true
	v.found("projection", r.p.Name, "cannot be recomputed: "+format, args...)
}

// compare holds the live tables against the recomputed ones.
func (v *verifier) compare(ctx context.Context, projections []*recomputed) error {
	if _, err := v.tx.Exec(ctx, "set local enable_seqscan to on"); err != nil {
		return err
	}
	for _, r := range projections {
		if r.broken {
			continue
		}
		err := pgx.BeginFunc(ctx, v.tx, func(tx pgx.Tx) error { return v.difference(ctx, tx, r) })
		if err != nil && (ctx.Err() != nil || surroundings(err)) {
			return err
		}
		if err != nil {
			v.found("projection", r.p.Name, "its table cannot be read: %v", err)
		}
	}
	return nil
}

// difference compares rows as text: not every type has an equality.
func (v *verifier) difference(ctx context.Context, tx pgx.Tx, r *recomputed) error {
	live := "from " + pgx.Identifier{"public", r.p.Table}.Sanitize() + " t"
	scratch := "from " + pgx.Identifier{scratchSchema, r.p.Table}.Sanitize() + " t"
	verified := VerifiedProjection{Name: r.p.Name, Position: r.position()}
	if err := tx.QueryRow(ctx, "select count(*) "+live).Scan(&verified.Rows); err != nil {
		return err
	}
	for _, side := range []struct{ have, lack, message string }{
		{live, scratch, "its table has a row that the log does not lead to: %s"},
		{scratch, live, "its table lacks a row that the log leads to: %s"},
	} {
		rows, err := tx.Query(ctx, fmt.Sprintf("select row(t.*)::text %s except all select row(t.*)::text %s limit %d",
			side.have, side.lack, mostFindings/4))
		if err != nil {
			return err
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, text := range texts {
			v.found("projection", r.p.Name, side.message, v.row(text))
		}
	}
	v.out.Projections = append(v.out.Projections, verified)
	return nil
}

// row names a row of a read model: by a hash, unless its values may be shown.
func (v *verifier) row(text string) string {
	if v.options.ShowData {
		return shortened(text)
	}
	sum := sha256.Sum256([]byte(text))
	return "row " + hex.EncodeToString(sum[:6])
}

// shortened keeps a finding on a line or two.
func shortened(text string) string {
	const most = 300
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
