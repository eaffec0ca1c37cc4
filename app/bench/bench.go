package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/measure"
	"github.com/backstory-go/backstory/engine/postgres"
)

// Config says what to measure.
type Config struct {
	URL     string                                                      // of an empty database, whose contents are the bench's alone
	System  func() *engine.System                                       // the app's
	Handler func(*postgres.Engine, engine.Tracer) (http.Handler, error) // the app's pages; the tracer may be nil
	Process func(ctx context.Context, url string) (Process, error)      // starts another process that appends; nil: that row is left out

	Rounds int           // of each comparison, from 1; 0: 5
	Slice  time.Duration // of each side in a round; 0: 700 ms
	Lists  int           // streams of ten events that commands go to; 0: 10,000
	Events int           // stored for the rows about long logs; 0: 1,000,000
	Tabs   int           // open at the same time; 0: 5,000
	Clicks int           // measured one by one; 0: 500
	Idle   time.Duration // that an idle process is watched; 0: 10 s

	Only     *regexp.Regexp // the rows to measure, by their work, of which it must match one; nil: all
	Progress io.Writer      // is told what is being measured; nil: nobody
}

// Quick is a smoke run: every row, none of them firm.
func (c Config) Quick() Config {
	c.Rounds, c.Slice, c.Lists, c.Events, c.Tabs, c.Clicks, c.Idle = 1, 100*time.Millisecond, 100, 2_000, 20, 20, 500*time.Millisecond
	return c
}

// Validate joins everything that is wrong with the configuration.
func (c Config) Validate() error {
	var faults []error
	if c.URL == "" || c.System == nil || c.Handler == nil {
		faults = append(faults, errors.New("bench: URL, System and Handler are all needed"))
	}
	if c.Rounds < 0 || c.Slice < 0 || c.Lists < 0 || c.Events < 0 || c.Tabs < 0 || c.Clicks < 0 || c.Idle < 0 {
		faults = append(faults, errors.New("bench: nothing may be negative"))
	}
	if c.Only != nil && !slices.ContainsFunc(Works(), c.Only.MatchString) {
		faults = append(faults, fmt.Errorf("bench: no row matches %q", c.Only))
	}
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	c.Rounds, c.Slice = orDefault(c.Rounds, 5), orDefault(c.Slice, 700*time.Millisecond)
	c.Lists, c.Events, c.Tabs = orDefault(c.Lists, 10_000), orDefault(c.Events, 1_000_000), orDefault(c.Tabs, 5_000)
	c.Clicks, c.Idle = orDefault(c.Clicks, 500), orDefault(c.Idle, 10*time.Second)
	c.Progress = orDefault(c.Progress, io.Discard)
	return c
}

func orDefault[T comparable](value, standard T) T {
	var zero T
	if value == zero {
		return standard
	}
	return value
}

// bench is one run.
type bench struct {
	Config
	eng    *postgres.Engine // the app's, at work: see work and rest
	tracer engine.Tracer    // of what is started next; nil: nobody
	stop   func()           // ends it; nil: it does not work
	raw    *measure.Raw
	turn   atomic.Int64 // of the commands
	out    *Report
}

// part is rows that share what they need.
type part struct {
	works []string // of its rows
	run   func(context.Context) error
}

// parts are in the order in which they leave the least behind for each other: the
// log first, while nobody follows it, and the long log last.
func (b *bench) parts() []part {
	return []part{
		{appendWorks(), b.appends}, {[]string{workProcesses}, b.processes}, {commandWorks(), b.commands}, {clickWorks(), b.clicks},
		{[]string{workRead}, b.reads}, {[]string{workPatched, workZipped, workTab}, b.tabs}, {[]string{workIdle}, b.idle},
		{[]string{workRebuild, workRebuildMemory, workIdle, workStartup}, b.longLog},
	}
}

// Works lists the works of all rows, each once, as they are measured.
func Works() (works []string) {
	for _, p := range (&bench{}).parts() {
		for _, work := range p.works {
			if !slices.Contains(works, work) {
				works = append(works, work)
			}
		}
	}
	return works
}

// wants says whether one of the rows is to be measured.
func (b *bench) wants(works ...string) bool {
	return b.Only == nil || slices.ContainsFunc(works, b.Only.MatchString)
}

// Run measures everything. It takes some minutes.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	b := &bench{Config: cfg.withDefaults()}
	if err := b.prepare(ctx); err != nil {
		return nil, err
	}
	defer b.raw.Close()
	defer b.rest()
	var err error
	if b.out, err = b.describe(ctx); err != nil {
		return nil, err
	}
	for _, p := range b.parts() {
		if !b.wants(p.works...) {
			continue
		}
		if err := p.run(ctx); err != nil {
			return nil, err
		}
	}
	b.out.LoadAfter = load()
	return b.out, nil
}

// prepare makes the log and the raw table beside it.
func (b *bench) prepare(ctx context.Context) error {
	eng, err := openLog(ctx, b.URL)
	if err != nil {
		return err
	}
	eng.Close()
	b.raw, err = measure.NewRaw(ctx, b.URL, 32)
	return err
}

// openLog opens an engine that stores and reads, and that has nobody who follows
// the log: what the raw limit is compared with.
func openLog(ctx context.Context, url string) (*postgres.Engine, error) {
	return postgres.Open(ctx, postgres.Config{URL: url, System: &engine.System{}, Log: quiet()})
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// work lets the app's engine work, if it does not, and waits until it has caught
// up with everything that was stored.
func (b *bench) work(ctx context.Context) (err error) {
	if b.stop == nil {
		if b.eng, b.stop, err = b.start(ctx); err != nil {
			return err
		}
	}
	return b.caughtUp(ctx)
}

// workWith is work once lists are stored.
func (b *bench) workWith(ctx context.Context, name string, lists, events int) error {
	if err := b.work(ctx); err != nil {
		return err
	}
	if err := b.seed(ctx, name, lists, events); err != nil {
		return err
	}
	return b.caughtUp(ctx)
}

// rest ends the app's engine, if it works.
func (b *bench) rest() {
	if b.stop != nil {
		b.stop()
		b.eng, b.stop = nil, nil
	}
}

// start runs an engine until stop is called.
func (b *bench) start(ctx context.Context) (eng *postgres.Engine, stop func(), err error) {
	eng, err = postgres.Open(ctx, postgres.Config{URL: b.URL, System: b.System(), Log: quiet(), Tracer: b.tracer})
	if err != nil {
		return nil, nil, err
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- eng.Run(work) }()
	return eng, func() {
		cancel()
		if err := <-ended; err != nil {
			b.tell("the engine ended with " + err.Error())
		}
		eng.Close()
	}, nil
}

// compare adds a row of work beside a raw limit, both in units a second.
func (b *bench) compare(ctx context.Context, r Row, callers int, own measure.Unit, rawCallers int, raw measure.Unit, per float64) error {
	if !b.wants(r.Work) {
		return nil
	}
	b.tell(r.Work)
	side := func(callers int, work measure.Unit) measure.Side {
		return func(ctx context.Context) (float64, error) {
			rate, err := measure.Rate(ctx, callers, b.Slice, work)
			return rate * per, err
		}
	}
	c, err := measure.InTurns(ctx, b.Rounds, side(callers, own), side(rawCallers, raw))
	if err != nil {
		return fmt.Errorf("%s: %w", r.Work, err)
	}
	r.Compared = c
	b.out.add(r)
	return nil
}

func (b *bench) tell(what string) {
	_, _ = fmt.Fprintln(b.Progress, "measuring:", what) // nothing depends on it
}
