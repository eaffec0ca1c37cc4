package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/backstory-go/backstory/engine"
	queries "github.com/backstory-go/backstory/queries/engine"
)

// Role is a part that a process plays.
type Role string

// The roles. Every process can submit, wait and read; RoleWorker also decides
// commands and updates projections.
const (
	RoleWeb    Role = "web"
	RoleWorker Role = "worker"
)

// Config says how to run a system. Only URL and System are required.
type Config struct {
	URL       string         // of the database; may lead through a pooler in transaction mode
	DirectURL string         // for LISTEN and migrations, never through a pooler; default: URL
	OwnerURL  string         // of the role that owns the log, migrates and archives, never through a pooler; default: DirectURL
	System    *engine.System // what to run
	Log       *slog.Logger   // default: slog.Default()
	Tracer    engine.Tracer  // is told every step of a message's way; default: nobody

	Roles        []Role        // default: web and worker
	Workers      int           // deciding loops, from 1; default 1: a loop decides many streams at once
	MaxConns     int           // connections beside the listening one, from 4; default 12
	MaxPending   int           // commands that may wait before Submit answers ErrOverloaded; default 10,000
	CacheStreams int           // states that a deciding loop keeps, and that all readers keep together; default 10,000
	ConnectWait  time.Duration // how long Open tries to reach the database; default 10 s

	// ReadOnly lets Open work on a standby, too, for methods that only read the log and
	// what became of it: states, streams, outcomes, Status, Parked, Scheduled, Export.
	// There Run and those that write answer ErrStandby, or are errors of the database.
	ReadOnly bool

	Consumer  ConsumerConfig            // of every consumer of the log
	Consumers map[string]ConsumerConfig // of single ones, by name; what they leave out is Consumer's
	// OutcomeRetention is how long outcomes are kept; default: for ever. After that,
	// a command's id made by the system (UUIDv7) is refused with engine.ErrExpired,
	// and other ids must not be submitted again.
	OutcomeRetention time.Duration

	NewID func() uuid.UUID // of commands and processes; default: UUIDv7

	standby    bool  // it is one: nothing is written
	migrations fs.FS // default: this program's; tests have other programs by it
}

// ConsumerConfig says how a consumer of the log works. Zero values stand for
// defaults.
type ConsumerConfig struct {
	// Slots is how many slots its keys are spread over when it is first seen;
	// default 8, and 1 for a projection that is not ordered by its own key. Later
	// it is changed by ResizeConsumer.
	Slots int

	Attempts   int           // tries of a message before its key is parked; default 10
	FirstPause time.Duration // after the first failed try, doubled after each; default 500 ms
	MostPause  time.Duration // the longest; default 1 min
}

// consumer is what holds for one of them.
func (c Config) consumer(of *consumer) ConsumerConfig {
	own := c.Consumers[of.name]
	own.Slots = orDefault(own.Slots, orDefault(c.Consumer.Slots, of.standardSlots()))
	own.Attempts = orDefault(own.Attempts, orDefault(c.Consumer.Attempts, 10))
	own.FirstPause = orDefault(own.FirstPause, orDefault(c.Consumer.FirstPause, 500*time.Millisecond))
	own.MostPause = orDefault(own.MostPause, orDefault(c.Consumer.MostPause, time.Minute))
	return own
}

// pause is how long to wait after a number of failed tries: between half and all
// of what has doubled each time.
func (c ConsumerConfig) pause(tries int) time.Duration {
	full := c.MostPause
	if shift := tries - 1; shift < 20 && c.FirstPause<<shift < full {
		full = c.FirstPause << shift
	}
	return full/2 + rand.N(full/2+1)
}

func (c ConsumerConfig) validate(name string, fault func(bool, string, ...any)) {
	fault(c.Slots < 0 || c.Slots > 1_024, "%s: Slots is %d, want 1 to 1,024", name, c.Slots)
	fault(c.Attempts < 0, "%s: Attempts is %d, want 1 or more", name, c.Attempts)
	fault(c.FirstPause < 0 || c.MostPause < 0, "%s: pauses are %s and %s, want more than 0", name, c.FirstPause, c.MostPause)
}

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	c.DirectURL = orDefault(c.DirectURL, c.URL)
	c.OwnerURL = orDefault(c.OwnerURL, c.DirectURL)
	c.Log = orDefault(c.Log, slog.Default())
	c.Workers = orDefault(c.Workers, 1)
	c.MaxConns = orDefault(c.MaxConns, 12)
	c.MaxPending = orDefault(c.MaxPending, 10_000)
	c.CacheStreams = orDefault(c.CacheStreams, 10_000)
	c.ConnectWait = orDefault(c.ConnectWait, 10*time.Second)
	if len(c.Roles) == 0 {
		c.Roles = []Role{RoleWeb, RoleWorker}
	}
	if c.migrations == nil {
		c.migrations = queries.Migrations
	}
	if c.NewID == nil {
		c.NewID = func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	}
	return c
}

// Validate joins everything that is wrong with the configuration. Zero values
// stand for defaults and are right.
func (c Config) Validate() error {
	var faults []error
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(c.URL == "", "URL is missing")
	for name, url := range map[string]string{"URL": c.URL, "DirectURL": c.DirectURL, "OwnerURL": c.OwnerURL} {
		_, err := pgxpool.ParseConfig(url)
		fault(err != nil, "%s: %w", name, err)
	}
	fault(c.System == nil, "System is missing")
	if c.System != nil {
		err := c.System.Validate()
		fault(err != nil, "System: %w", err)
	}
	for _, role := range c.Roles {
		fault(role != RoleWeb && role != RoleWorker, "role %q is neither %q nor %q", role, RoleWeb, RoleWorker)
	}
	fault(c.Workers < 0, "Workers is %d, want 1 or more", c.Workers)
	fault(c.MaxConns != 0 && c.MaxConns < 4, "MaxConns is %d, want 4 or more", c.MaxConns)
	fault(c.MaxPending < 0, "MaxPending is %d, want 1 or more", c.MaxPending)
	fault(c.CacheStreams < 0, "CacheStreams is %d, want 1 or more", c.CacheStreams)
	fault(c.OutcomeRetention < 0, "OutcomeRetention is %s, want more than 0", c.OutcomeRetention)
	fault(c.ConnectWait < 0, "ConnectWait is %s, want more than 0", c.ConnectWait)
	c.Consumer.validate("Consumer", fault)
	for name, consumer := range c.Consumers {
		consumer.validate(name, fault)
	}
	return errors.Join(faults...)
}

func (c Config) is(role Role) bool { return slices.Contains(c.Roles, role) }

func orDefault[T comparable](value, standard T) T {
	var zero T
	if value == zero {
		return standard
	}
	return value
}
