package localpg

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"
)

// Config says where a private cluster lies and how its server runs.
type Config struct {
	// Dir is the folder of the cluster, for example <checkout>/.data. It is made when it is missing. All processes that
	// name the same Dir share one server. Required.
	Dir string
	// Durable keeps PostgreSQL's defaults: what was committed survives a power cut. False (tests) turns fsync,
	// full_page_writes and synchronous_commit off. A durable Start never settles for a running server that is not.
	Durable bool
	// Binaries are folders that hold postgres and initdb, tried in this order. Empty means PATH and then the places
	// where packages put them, newest version first.
	Binaries []string
	// NoDownload forbids fetching PostgreSQL when no programs are found on the machine.
	NoDownload bool
	// Timeout bounds the wait for the server to answer after its start. Default 60 s: crash recovery takes its time.
	Timeout time.Duration
	// Log receives what is done and where. Nil discards it.
	Log *slog.Logger

	// grace is how long the guard waits for a new member when the last one was killed. Default 5 s.
	grace time.Duration
}

// Validate reports every fault of the configuration, joined.
func (c Config) Validate() error {
	var faults []error
	if c.Dir == "" {
		faults = append(faults, errors.New("localpg: Dir is required"))
	}
	if c.Timeout < 0 {
		faults = append(faults, fmt.Errorf("localpg: Timeout %s is negative", c.Timeout))
	}
	for _, dir := range c.Binaries {
		if !filepath.IsAbs(dir) {
			faults = append(faults, fmt.Errorf("localpg: Binaries: %q is not an absolute path", dir))
		}
	}
	return errors.Join(faults...)
}

// withDefaults fills what may be left out.
func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = time.Minute
	}
	if c.grace == 0 {
		c.grace = 5 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
