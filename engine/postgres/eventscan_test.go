package postgres_test

import (
	"reflect"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// oddEvents are as different from each other as rows can be.
const oddEvents = `INSERT INTO backstory.events (position, stream, version, id, type, schema_version, at, by, correlation, causation, data) VALUES
	(1, 'bank.account/a', 1, '00000000-0000-0000-0000-000000000001', 'bank.account.opened', 1, '1999-12-31 23:59:59.999999Z', '', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000000', '{}'),
	(2, 'bank.account/a', 2, '00000000-0000-0000-0000-000000000002', 'bank.account.deposited', 7, '2000-01-01 00:00:00Z', 'Ann', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000001', ' {"amount": 1}'),
	(3, 'bank.account/a/b', 9223372036854775807, '00000000-0000-0000-0000-000000000003', 'bank.account.deposited', 2147483647, '2026-11-27 12:00:00.000001Z', 'Ann', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000001', '"\u0000"'),
	(4, 'bank.accountant/a', 1, '00000000-0000-0000-0000-000000000004', 'bank.account.deposited', 1, '294276-12-31 23:59:59.999999Z', 'Änn', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000001', 'null'),
	(9223372036854775807, 'bank.account/a', 3, '00000000-0000-0000-0000-000000000005', 'x', 1, '4713-01-01 00:00:00Z BC', 'Ann', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000001', '[1]')`

// Rows are read the same in the protocol's binary format, in which they come, and
// in its text format, which pgx reads.
func TestRowsOfEvents_InBothFormats_AreTheSame(t *testing.T) {
	t.Parallel()
	url := database(t)
	conn := connect(t, url)
	defer conn.Close(t.Context())
	ctx := within(t)
	if _, err := conn.Exec(ctx, oddEvents); err != nil {
		t.Fatal(err)
	}
	read := func(mode pgx.QueryExecMode, wantQuick int) []engine.Recorded {
		t.Helper()
		rows, err := conn.Query(ctx, enginedb.EventRead, mode, int64(0), int32(10))
		if err != nil {
			t.Fatal(err)
		}
		list, quick, err := postgres.ScanEvents(rows)
		if err != nil || len(list) != 5 || quick != wantQuick {
			t.Fatalf("%v: %d events, %d of them without Scan", err, len(list), quick)
		}
		return list
	}
	binary, text := read(pgx.QueryExecModeCacheStatement, 5), read(pgx.QueryExecModeSimpleProtocol, 0)
	if !reflect.DeepEqual(binary, text) {
		t.Errorf("got %+v,\nand as texts %+v", binary, text)
	}
	if s := binary[2].Meta.Stream; s != (engine.StreamID{Type: "bank.account", ID: "a/b"}) || binary[3].Meta.Stream.Type != "bank.accountant" || binary[4].Meta.By != "Ann" {
		t.Errorf("%+v", binary)
	}
	for _, bad := range []string{"position, stream, version, id, type, schema_version, 'infinity'::timestamptz", "position, NULL::text, version, id, type, schema_version, at",
		"position, 'nobody', version, id, type, schema_version, at", "NULL::bigint, stream, version, id, type, schema_version, at"} {
		rows, err := conn.Query(ctx, "SELECT "+bad+", by, correlation, causation, data FROM backstory.events")
		if err != nil {
			t.Fatal(err)
		}
		if list, _, err := postgres.ScanEvents(rows); err == nil {
			t.Errorf("%s: got %+v", bad, list)
		}
	}
}
