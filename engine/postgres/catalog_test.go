package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// thing is a part of the schema.
type thing struct {
	kind, table, name string
	is                string   // what programs rely on
	binds             bool     // whoever writes without knowing it may be refused
	columns           []string // that it is about
}

func (th thing) String() string {
	if th.kind == "column" {
		return th.kind + " " + th.table + "." + th.name
	}
	return strings.TrimSpace(th.kind + " " + th.name + " of " + th.table)
}

// catalog is a schema, by the names of its parts.
type catalog map[string]thing

const catalogRead = `
SELECT 'table' AS kind, c.relname::text AS tab, '' AS name, '' AS is, false AS binds, '{}'::text[] AS columns
FROM pg_class c WHERE c.relnamespace = 'backstory'::regnamespace AND c.relkind = 'r' AND c.relname <> 'migrations'
UNION ALL
SELECT 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod) || CASE WHEN a.atthasdef OR a.attidentity <> '' THEN ', given' ELSE '' END,
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', '{}'
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'backstory'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> 'migrations'
UNION ALL
SELECT 'constraint', c.relname, k.conname, pg_get_constraintdef(k.oid), true,
       coalesce((SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY(k.conkey)), '{}')
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE c.relnamespace = 'backstory'::regnamespace AND c.relname <> 'migrations'
UNION ALL
SELECT 'unique index', c.relname, i.relname, pg_get_indexdef(x.indexrelid), true, '{}'
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
WHERE c.relnamespace = 'backstory'::regnamespace AND x.indisunique AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid)
UNION ALL
SELECT 'trigger', c.relname, g.tgname, pg_get_triggerdef(g.oid), true, '{}'
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid WHERE c.relnamespace = 'backstory'::regnamespace AND NOT g.tgisinternal
UNION ALL
SELECT 'function', '', p.oid::regprocedure::text, pg_get_function_result(p.oid), false, '{}'
FROM pg_proc p WHERE p.pronamespace = 'backstory'::regnamespace`

func catalogOf(t *testing.T, url string) catalog {
	t.Helper()
	conn := connect(t, url)
	defer conn.Close(context.Background())
	rows, err := conn.Query(within(t), catalogRead)
	if err != nil {
		t.Fatal(err)
	}
	found := catalog{}
	var th thing
	_, err = pgx.ForEachRow(rows, []any{&th.kind, &th.table, &th.name, &th.is, &th.binds, &th.columns}, func() error {
		found[th.String()] = th
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// breaks lists what of a later schema a program that knows this one would not survive.
func (c catalog) breaks(later catalog) (faults []string) {
	for name, th := range c {
		now, there := later[name]
		switch {
		case !there:
			faults = append(faults, name+" is gone")
		case now.is != th.is:
			faults = append(faults, fmt.Sprintf("%s is %q, was %q", name, now.is, th.is))
		case now.binds && !th.binds:
			faults = append(faults, name+" must be given now")
		}
	}
	for name, th := range later {
		_, was := c[name]
		if !was && th.binds && c.has("table", th.table) && !th.onlyOfNew(c) {
			faults = append(faults, name+" is new, and binds whoever does not know it")
		}
	}
	slices.Sort(faults)
	return faults
}

func (c catalog) has(kind, table string) bool {
	_, there := c[thing{kind: kind, table: table}.String()]
	return there
}

// onlyOfNew says whether it is about columns that an older program leaves out.
func (th thing) onlyOfNew(older catalog) bool {
	return len(th.columns) > 0 && !slices.ContainsFunc(th.columns, func(column string) bool {
		_, was := older[thing{kind: "column", table: th.table, name: column}.String()]
		return was
	})
}
