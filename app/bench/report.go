package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/measure"
)

// Report is what a run measured, and where.
type Report struct {
	At         time.Time `json:"at"`
	System     string    `json:"system"` // operating system and processor architecture
	CPUs       int       `json:"cpus"`
	Go         string    `json:"go"`
	PostgreSQL string    `json:"postgresql"`
	Settings   string    `json:"settings"` // of PostgreSQL, as far as they matter
	LoadBefore string    `json:"load_before,omitempty"`
	LoadAfter  string    `json:"load_after,omitempty"`
	Rounds     int       `json:"rounds"`
	Rows       []Row     `json:"rows"`
}

// Row is a line of the table. Rows without a raw limit have a zero Raw and Ratio.
type Row struct {
	Work   string `json:"work"`
	Unit   string `json:"unit"`
	Target string `json:"target"`
	measure.Compared
	Note string `json:"note,omitempty"`
}

func (r *Report) add(row Row) { r.Rows = append(r.Rows, row) }

// addValue adds a row that nothing raw stands beside.
func (r *Report) addValue(row Row, values ...float64) {
	row.Own = measure.SpreadOf(values)
	r.add(row)
}

// describe begins the report with the machine and its database.
func (b *bench) describe(ctx context.Context) (*Report, error) {
	r := &Report{At: time.Now().UTC(), System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version(),
		LoadBefore: load(), Rounds: b.Rounds}
	conn, err := pgx.Connect(ctx, b.URL)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, `SELECT current_setting('server_version'),
		(SELECT string_agg(name || '=' || current_setting(name), ' ' ORDER BY name) FROM pg_settings
		 WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_connections'))`).Scan(&r.PostgreSQL, &r.Settings)
	return r, err
}

// load is the machine's load, where it can be read.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

// Print writes the table for people.
func (r *Report) Print(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s · %s · %d CPUs · %s · PostgreSQL %s (%s)\nload before %s, after %s · medians of %d rounds, least to most\n\n",
		r.At.Format(time.DateTime), r.System, r.CPUs, r.Go, r.PostgreSQL, r.Settings, r.LoadBefore, r.LoadAfter, r.Rounds)
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	faults := []error{err}
	line := func(cells ...string) {
		_, err := fmt.Fprintln(out, strings.Join(cells, "\t"))
		faults = append(faults, err)
	}
	line("work", "measured", "raw", "ratio", "target", "note")
	for _, row := range r.Rows {
		raw, ratio := "", ""
		if row.Raw.Median > 0 {
			raw = number(row.Raw.Median)
			ratio = fmt.Sprintf("%.2f (%.2f – %.2f)", row.Ratio.Median, row.Ratio.Least, row.Ratio.Most)
		}
		line(row.Work, number(row.Own.Median)+" "+row.Unit, raw, ratio, row.Target, row.Note)
	}
	return errors.Join(append(faults, out.Flush())...)
}

func number(n float64) string {
	switch {
	case n >= 100:
		return fmt.Sprintf("%.0f", n)
	case n >= 1:
		return fmt.Sprintf("%.1f", n)
	}
	return fmt.Sprintf("%.3f", n)
}
