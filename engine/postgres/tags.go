package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// mostTag is how many bytes of a tag are a key as they are: an index takes no
// more than a third of a page.
const mostTag = 400

// tagKey is a tag as event_tags holds it. It must not change: rows carry it.
func tagKey(tag string) string {
	if len(tag) <= mostTag {
		return tag
	}
	sum := sha256.Sum256([]byte(tag))
	return strings.ToValidUTF8(tag[:mostTag/2], "") + "…" + hex.EncodeToString(sum[:])
}

// queueTags inserts the events' tags: one statement whatever their number.
func queueTags(b *pgx.Batch, records []*record) {
	var p enginedb.TagInsertParams
	for _, r := range records {
		given := make(map[string]bool, len(r.tags))
		for _, tag := range r.tags {
			if key := tagKey(tag); !given[key] {
				given[key] = true
				p.Tags, p.Positions, p.Types = append(p.Tags, key), append(p.Positions, r.Meta.Position), append(p.Types, r.Type)
			}
		}
	}
	if len(p.Tags) > 0 {
		b.Queue(enginedb.TagInsert, p.Tags, p.Positions, p.Types)
	}
}

// positionsOf are the parameters of TagPositions.
func positionsOf(q engine.Query, after int64, most int) enginedb.TagPositionsParams {
	p := enginedb.TagPositionsParams{After: after, Most: int32(most)}
	for _, item := range q {
		keys := make([]string, len(item.Tags))
		for i, tag := range item.Tags {
			keys[i] = tagKey(tag)
		}
		p.Types, p.Tags = append(p.Types, arrayLiteral(item.Types)), append(p.Tags, arrayLiteral(keys))
	}
	return p
}

// positions finds the first matches after a position, in order.
func positions(ctx context.Context, sql *enginedb.Queries, q engine.Query, after int64, most int) ([]int64, error) {
	if len(q) == 0 {
		return nil, nil
	}
	return sql.TagPositions(ctx, positionsOf(q, after, most))
}

// readMatching reads the first matches after a position, in order.
func readMatching(ctx context.Context, sql *enginedb.Queries, q engine.Query, after int64, most int) ([]*record, error) {
	found, err := positions(ctx, sql, q, after, most)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	rows, err := sql.EventAt(ctx, enginedb.EventAtParams{Positions: found})
	if err != nil {
		return nil, err
	}
	if len(rows) < len(found) { // tags outlive their events: conditions look for them
		return nil, engine.ErrArchived
	}
	list := make([]*record, len(rows))
	for i, row := range rows {
		if list[i], err = recordOf(enginedb.EventReadRow(row)); err != nil {
			return nil, err
		}
	}
	return list, nil
}
