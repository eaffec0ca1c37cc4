package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// importMost is how many rows are inserted in one statement.
const importMost = 500

// rowImport inserts the lines of one kind, some hundred at a time. Values travel
// as text, column by column: functions that turn a whole line into a row read the
// strings within its json too, and refuse \u0000.
type rowImport struct {
	m     *importer
	table exportTable

	columns []column
	rows    int
	bytes   int
}

// column is a column of the table that the lines have.
type column struct {
	name, typ string
	values    []*string
}

func (r *rowImport) run(ctx context.Context) error {
	for {
		line, ok := r.m.in.nextOf(r.table.kind)
		if !ok {
			return r.flush(ctx)
		}
		r.m.counts[r.table.kind]++
		if r.m.rebuilt(line) {
			r.m.tell(r.table.kind, 1)
			continue
		}
		if err := r.add(ctx, line); err != nil {
			return err
		}
		if r.rows >= importMost || r.bytes >= mostBytes {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
}

func (r *rowImport) add(ctx context.Context, line line) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(line.text, &values); err != nil {
		return r.m.in.errorf("is no %s: %w", line.kind, err)
	}
	if r.columns == nil {
		if err := r.learn(ctx, values); err != nil {
			return err
		}
	}
	for i := range r.columns {
		c := &r.columns[i]
		value, err := c.text(values[c.name])
		if err != nil {
			return r.m.in.errorf("%s: %w", c.name, err)
		}
		c.values = append(c.values, value)
	}
	r.rows, r.bytes = r.rows+1, r.bytes+len(line.text)
	return nil
}

// learn finds the columns. One that an older export does not have gets its default.
func (r *rowImport) learn(ctx context.Context, values map[string]json.RawMessage) error {
	rows, err := r.m.tx.Query(ctx, `select attname, format_type(atttypid, atttypmod) from pg_catalog.pg_attribute
		where attrelid = $1::text::regclass and attnum > 0 and not attisdropped order by attnum`, "backstory."+r.table.name)
	if err != nil {
		return err
	}
	r.columns = []column{}
	var c column
	_, err = pgx.ForEachRow(rows, []any{&c.name, &c.typ}, func() error {
		if _, ok := values[c.name]; ok {
			r.columns = append(r.columns, c)
		}
		return nil
	})
	return err
}

// text is a value as PostgreSQL reads it; nil is NULL.
func (c *column) text(value json.RawMessage) (*string, error) {
	text := string(value)
	switch {
	case len(value) == 0 || text == "null":
		return nil, nil
	case c.typ == "json" || c.typ == "jsonb":
		return &text, nil
	case strings.HasSuffix(c.typ, "[]"):
		var items []string
		if err := json.Unmarshal(value, &items); err != nil {
			return nil, err
		}
		text = arrayLiteral(items)
	case bytes.HasPrefix(value, []byte(`"`)):
		if err := json.Unmarshal(value, &text); err != nil {
			return nil, err
		}
	}
	return &text, nil
}

func (r *rowImport) flush(ctx context.Context) error {
	if r.rows == 0 {
		return nil
	}
	var names, selected []string
	var args []any
	for i := range r.columns {
		c := &r.columns[i]
		names = append(names, pgx.Identifier{c.name}.Sanitize())
		selected = append(selected, fmt.Sprintf("unnest($%d::text[])::%s", i+1, c.typ))
		args = append(args, c.values)
		c.values = nil
	}
	_, err := r.m.tx.Exec(ctx, fmt.Sprintf("insert into backstory.%s (%s) overriding system value select %s",
		r.table.name, strings.Join(names, ", "), strings.Join(selected, ", ")), args...)
	if err != nil {
		return fmt.Errorf("lines up to %d: %w", r.m.in.number, err)
	}
	r.m.tell(r.table.kind, r.rows)
	r.rows, r.bytes = 0, 0
	return nil
}
