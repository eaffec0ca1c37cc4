package postgres

import (
	"context"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// standBy is how often a program that waits for a newer one looks again.
const standBy = 2 * time.Second

// renew builds projections whose live table has another definition than this
// program's, while everything else goes on.
func (d *duty) renew(ctx context.Context, shares []enginedb.ConsumerSharesRow) {
	for _, s := range shares {
		c := d.e.projection(s.Name)
		if c == nil || c.hash == s.Hash || d.builds[c.name] {
			continue
		}
		d.builds[c.name] = true
		d.running.Go(func() { d.e.renew(ctx, c) })
	}
}

// renew builds until the live definition is this program's. An older program than
// the one that runs only reads: its definition was live before.
func (e *Engine) renew(ctx context.Context, c *consumer) {
	told := false
	account := e.health.begin("build "+c.name, 0)
	defer account.end()
	for wait := time.Second; ctx.Err() == nil; {
		old, err := e.superseded(ctx, c)
		switch {
		case err == nil && old:
			if !told {
				e.log.Warn("a newer program's processes update the projection: this one only reads it", "projection", c.name)
			}
			told = true
			pause(ctx, standBy)
			continue
		case err == nil:
			e.log.Info("the projection's definition has changed: it is built beside the live table", "projection", c.name)
			err = e.build(ctx, c, false, e.logProgress(c))
		}
		if err == nil {
			e.log.Info("the projection is up to date", "projection", c.name)
			return
		}
		if !ended(ctx, err) {
			account.fails(err)
			e.tellBuild(c, err)
		}
		pause(ctx, wait)
		wait = min(2*wait, 30*time.Second)
	}
}

func (e *Engine) tellBuild(c *consumer, err error) {
	if isGivenUp(err) { // it is looked whether that is still so
		e.log.Error("building a projection is given up", "projection", c.name, "error", err)
	} else {
		e.log.Warn("building a projection is tried again", "projection", c.name, "error", err)
	}
}

// superseded says whether this program's definition was live before, and living
// processes run the one that is live now.
func (e *Engine) superseded(ctx context.Context, c *consumer) (bool, error) {
	known, err := e.sql.DefinitionKnown(ctx, enginedb.DefinitionKnownParams{Projection: c.name, Hash: c.hash})
	if err != nil || !known {
		return false, err
	}
	shares, err := e.sql.ConsumerShares(ctx)
	for _, s := range shares {
		if s.Name == c.name {
			return s.Hash != c.hash && s.Alive > 0, err
		}
	}
	return false, err
}

// logProgress tells of a long build now and then.
func (e *Engine) logProgress(c *consumer) func(engine.Progress) {
	last := time.Now()
	return func(p engine.Progress) {
		if time.Since(last) < 10*time.Second {
			return
		}
		last = time.Now()
		e.log.Info("building a projection", "projection", c.name, "position", p.Position, "head", p.Head, "remaining", p.Remaining.Round(time.Second))
	}
}
