package bench

import (
	"context"
	"crypto/md5"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// firstItem is the version of a seeded list that added its first item: those before
// it gave the list its name.
const firstItem = 3

// seedSQL stores lists of so many events each: created, named, then items. Their ids
// follow from numbers, so that commands can name them.
const seedSQL = `INSERT INTO backstory.events (position, stream, version, id, type, schema_version, at, by, correlation, causation, data)
SELECT head.position + row_number() OVER (ORDER BY l, v), 'todos.list/' || md5($1 || ' ' || l)::uuid, v, e.id,
       CASE v WHEN 1 THEN 'todos.list.created' WHEN 2 THEN 'todos.list.name_confirmed' ELSE 'todos.list.item_added' END, 1, clock.at, 'bench', e.id, e.id,
       CASE WHEN v < 3 THEN json_build_object('name', $1 || ' ' || l, 'reservation_id', md5('name ' || $1 || ' ' || l)::uuid)
              ELSE json_build_object('id', md5($1 || ' ' || l || ' ' || v)::uuid, 'text', 'Item ' || v) END
FROM (SELECT coalesce(max(position), 0) AS position FROM backstory.events) head,
     (SELECT clock_timestamp() AS at) clock,
     generate_series($2::bigint, $3::bigint) l, generate_series(1, $4::bigint) v, LATERAL (SELECT md5('event ' || $1 || ' ' || l || ' ' || v)::uuid AS id) e`

// seedPage is how many lists are stored in one transaction.
const seedPage = 5_000

// lockSQL is the order lock, that every writer of the log takes first.
const lockSQL = `SELECT pg_advisory_xact_lock('backstory.events'::regclass::oid::int, 0)`

// behindSQL puts what was stored behind the reactions, as it is for those that are
// registered later: a log of the past. The fence lets who works there look again.
const behindSQL = `UPDATE backstory.slots s SET position = (SELECT max(position) FROM backstory.events), fence = s.fence + 1
FROM backstory.consumers c WHERE c.name = s.consumer AND c.type IN ('actor', 'reactor')`

// seed stores lists 0 … lists-1 of a name. The reactions must have caught up, and
// do not see them.
func (b *bench) seed(ctx context.Context, name string, lists, events int) error {
	b.tell(fmt.Sprintf("storing %d lists of %d events", lists, events))
	conn, err := pgx.Connect(ctx, b.URL)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for from := 0; from < lists; from += seedPage {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, lockSQL); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, seedSQL, name, from, min(from+seedPage, lists)-1, events); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, behindSQL)
			return err
		})
		if err != nil {
			return fmt.Errorf("store events: %w", err)
		}
	}
	_, err = conn.Exec(ctx, "ANALYZE backstory.events")
	return err
}

// listID is the identity of a seeded list.
func listID(name string, n int) string {
	return uuid.UUID(md5.Sum(fmt.Appendf(nil, "%s %d", name, n))).String()
}

// itemID is that of the item that a list's event added.
func itemID(name string, n, version int) string {
	return uuid.UUID(md5.Sum(fmt.Appendf(nil, "%s %d %d", name, n, version))).String()
}
