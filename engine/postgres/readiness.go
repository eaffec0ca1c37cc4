package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// The statuses of a check.
const (
	CheckOK     = "ok"
	CheckNote   = "note"   // it serves; somebody should know
	CheckFailed = "failed" // it does not serve
)

// Readiness says whether commands and pages can be served by this process.
type Readiness struct {
	Ready  bool    `json:"ready"` // no check failed
	Checks []Check `json:"checks"`
}

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// Readiness looks at the database and at what this process hears of it, at most
// once a second. It names no host and no person: strangers may read it.
func (e *Engine) Readiness(ctx context.Context) Readiness {
	checks, err := e.readiness.get(ctx, e.checkDatabase)
	if err != nil {
		checks = []Check{{"database", CheckFailed, reasonOf(err)}}
	}
	checks = append(slices.Clone(checks), e.checkListen(), checkEpoch(e.epochs.now(), time.Now()))
	stats, err := e.Stats(ctx)
	if err == nil {
		checks = append(checks, checkWorkers(stats), checkConsumers(stats), checkBuilds(stats))
	}
	ready := !slices.ContainsFunc(checks, func(c Check) bool { return c.Status == CheckFailed })
	return Readiness{Ready: ready, Checks: checks}
}

func (e *Engine) checkDatabase(ctx context.Context) ([]Check, error) {
	found, err := lookSchema(ctx, e.reads)
	if err != nil {
		return nil, err
	}
	role, err := enginedb.New(e.reads).WatchRole(ctx)
	if err != nil {
		return nil, err
	}
	return []Check{checkStandby(role.Standby), checkSchema(found, e.epochs.program), checkRole(role.Owner)}, nil
}

func checkStandby(standby bool) Check {
	if standby {
		return Check{"database", CheckFailed, "it is a standby, which takes no commands"}
	}
	return Check{Name: "database", Status: CheckOK}
}

// checkSchema lets a program run with its own schema, and with what newer programs
// made of it as long as they say that it may.
func checkSchema(found schema, program int64) Check {
	err := found.admits(program)
	switch {
	case err != nil:
		return Check{"schema", CheckFailed, err.Error()}
	case found.version < program:
		return Check{"schema", CheckFailed, fmt.Sprintf("the database is at %d, this program needs %d", found.version, program)}
	case found.version > program:
		return Check{"schema", CheckNote, fmt.Sprintf("the database is at %d and works with programs from %d on; this one brings %d", found.version, found.supports, program)}
	}
	return Check{Name: "schema", Status: CheckOK}
}

func checkRole(owner bool) Check {
	if owner {
		return Check{"role", CheckNote, "this role owns the log: triggers alone protect stored events (DATABASE_OWNER_URL names another owner)"}
	}
	return Check{Name: "role", Status: CheckOK}
}

// recently is for how long a change of the epoch is told.
const recently = 10 * time.Minute

// checkEpoch tells that the log became another one, and that a copy is one.
func checkEpoch(s EpochStatus, now time.Time) Check {
	switch {
	case s.CallsPaused:
		return Check{"log", CheckNote, "the database is a copy that was not adopted: outside calls wait"}
	case s.Changes > 0 && now.Sub(s.ChangedAt) < recently:
		return Check{"log", CheckNote, "another log took the place of the one before, at " + s.ChangedAt.UTC().Format(time.RFC3339) + ": a failover, or a restored dump"}
	}
	return Check{Name: "log", Status: CheckOK}
}

// checkListen tells how news arrives. Without the connection every loop polls.
func (e *Engine) checkListen() Check {
	for _, l := range e.Health() {
		if l.Name == loopListen && l.Status == LoopWorks {
			return Check{Name: loopListen, Status: CheckOK}
		}
	}
	return Check{loopListen, CheckNote, "no listening connection: this process polls, and news takes longer"}
}

func checkWorkers(s Stats) Check {
	if s.Workers == 0 {
		return Check{"workers", CheckNote, "no process decides commands: they wait"}
	}
	return Check{Name: "workers", Status: CheckOK}
}

// behind is how many seconds a consumer may be behind before it is told.
const behind = 30

func checkConsumers(s Stats) Check {
	var news []string
	for _, c := range s.Consumers {
		switch {
		case c.Status == engine.ConsumerForeign:
			news = append(news, c.Name+" is not of this program")
		case c.Status != engine.ConsumerRunning:
			news = append(news, c.Name+" is "+c.Status)
		case c.LagSeconds > behind:
			news = append(news, fmt.Sprintf("%s is %d events behind", c.Name, c.LagEvents))
		case c.Parked > 0:
			news = append(news, fmt.Sprintf("%s has parked %d messages", c.Name, c.Parked))
		}
	}
	if len(news) > 0 {
		return Check{"consumers", CheckNote, strings.Join(news, "; ")}
	}
	return Check{Name: "consumers", Status: CheckOK}
}

func checkBuilds(s Stats) Check {
	var news []string
	for _, b := range s.Builds {
		if b.GivenUp != "" {
			news = append(news, b.Projection+" is not folded anew any more: that ended every process that tried")
		}
	}
	if len(news) > 0 {
		return Check{"builds", CheckNote, strings.Join(news, "; ")}
	}
	return Check{Name: "builds", Status: CheckOK}
}
