package postgres_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// BenchmarkConditionalAppend must not depend on how much is stored. Each append's
// condition reaches back to the beginning: for "rare" nothing carries its tag,
// for "among 1000" a thousand events do, with a rare one beside it, and "read"
// reads those thousand by pages.
func BenchmarkConditionalAppend(b *testing.B) {
	for _, stored := range []int{1_000, 100_000, 1_000_000} {
		url := privateServer(b, true).URL("postgres")
		e := openEngine(b, postgres.Config{URL: url})
		for at := 0; at < stored; at += 100_000 {
			err := sql(b, url, `WITH e AS (INSERT INTO backstory.events (position, stream, version, id, type, schema_version, tags, at, by, correlation, causation, data)
				SELECT n, 'bank.account/' || n, 1, gen_random_uuid(), 'bank.account.deposited', 1,
					ARRAY['all:1', 'some:' || n % greatest($2::int / 1000, 1), 'one:' || n], now(), '', c, c, '{"amount":1}'
				FROM generate_series($1::int + 1, least($1::int + 100000, $2::int)) n, (SELECT gen_random_uuid() AS c) c RETURNING position, type, tags)
				INSERT INTO backstory.event_tags SELECT unnest(tags), position, type FROM e`, at, stored)
			if err != nil {
				b.Fatal(err)
			}
		}
		if err := sql(b, url, `VACUUM ANALYZE backstory.events, backstory.event_tags`); err != nil {
			b.Fatal(err)
		}
		for name, work := range map[string]func(ctx context.Context, n int) error{
			"plain": func(ctx context.Context, n int) error {
				_, err := e.Append(ctx, tagged(fmt.Sprintf("p%d", n), fmt.Sprintf("new:%d", n)))
				return err
			},
			"rare": func(ctx context.Context, n int) error {
				_, err := e.Append(ctx, unless(tagged(fmt.Sprintf("r%d", n), fmt.Sprintf("new:%d", n)), 0, fmt.Sprintf("never:%d", n)))
				return err
			},
			"among 1000": func(ctx context.Context, n int) error {
				_, err := e.Append(ctx, unless(tagged(fmt.Sprintf("a%d", n), fmt.Sprintf("new:%d", n)), 0, "all:1", "some:0", fmt.Sprintf("never:%d", n)))
				return err
			},
			"read": func(ctx context.Context, _ int) error {
				list, err := e.ReadMatching(ctx, engine.Query{{Tags: []string{"all:1", "some:0"}}}, 0, 1_000)
				if err == nil && len(list) != 1_000 {
					err = fmt.Errorf("%d events, want 1000", len(list))
				}
				return err
			},
		} {
			b.Run(fmt.Sprintf("%s/%d", name, stored), func(b *testing.B) {
				for n := 0; b.Loop(); n++ {
					if err := work(b.Context(), b.N*1_000_000+n); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		e.Close()
	}
}
