package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"github.com/backstory-go/backstory/engine"
)

// Limits bound what one person may ask of the server at a time, and what it keeps
// open for all. Zero values stand for the defaults.
type Limits struct {
	Commands float64 // a second, forms and API together; default 100
	Burst    int     // commands at once; default 300
	Streams  int     // open live pages; default 100

	AllStreams int // open live pages of everybody together; default 20,000
}

func (l Limits) withDefaults() Limits {
	return Limits{cmp.Or(l.Commands, 100), cmp.Or(l.Burst, 300), cmp.Or(l.Streams, 100), cmp.Or(l.AllStreams, 20_000)}
}

// idleUser is how long the use of somebody who asks for nothing is remembered.
const idleUser = 10 * time.Minute

// limiter counts per person. What it holds is bounded by who asked for something
// in the last minutes.
type limiter struct {
	limits Limits
	now    func() time.Time

	mu      sync.Mutex
	users   map[string]*usage
	streams int
	swept   time.Time
}

// usage is what one person uses now.
type usage struct {
	commands *rate.Limiter
	streams  int
	seen     time.Time
}

func newLimiter(limits Limits, now func() time.Time) *limiter {
	return &limiter{limits: limits.withDefaults(), now: now, users: map[string]*usage{}}
}

// of finds somebody's usage. The caller holds the lock.
func (l *limiter) of(user string) *usage {
	now := l.now()
	if now.Sub(l.swept) > idleUser {
		l.swept = now
		for name, u := range l.users {
			if u.streams == 0 && now.Sub(u.seen) > idleUser {
				delete(l.users, name)
			}
		}
	}
	u := l.users[user]
	if u == nil {
		u = &usage{commands: rate.NewLimiter(rate.Limit(l.limits.Commands), l.limits.Burst)}
		l.users[user] = u
	}
	u.seen = now
	return u
}

// command says whether the person may send one more command now.
func (l *limiter) command(user string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of(user).commands.AllowN(l.now(), 1)
}

// open says whether the person may open one more live page: 0, and then close has
// to follow, or the status to answer with.
func (l *limiter) open(user string) (refused int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.of(user)
	switch {
	case u.streams >= l.limits.Streams:
		return http.StatusTooManyRequests
	case l.streams >= l.limits.AllStreams:
		return http.StatusServiceUnavailable
	}
	u.streams++
	l.streams++
	return 0
}

func (l *limiter) close(user string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of(user).streams--
	l.streams--
}

// errTooFast means that somebody sends more commands than Limits allow.
var errTooFast = errors.New("too many commands at a time")

// submit hands a person's command to the engine, unless they send too many.
func (s *Server) submit(ctx context.Context, submission engine.Submission) (uuid.UUID, error) {
	if !s.limiter.command(visitOf(ctx).user) {
		return uuid.Nil, errTooFast
	}
	return s.cfg.Client.Submit(ctx, submission)
}

// limitStreams bounds the live pages of each person and of all.
func (s *Server) limitStreams(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := visitOf(r.Context()).user
		if refused := s.limiter.open(user); refused != 0 {
			w.Header().Set("Retry-After", "10")
			plain(w, refused, "Too many pages are open.")
			return
		}
		defer s.limiter.close(user)
		next.ServeHTTP(w, r)
	})
}
