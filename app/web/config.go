package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/live"
)

// Config says what the pages run on.
type Config struct {
	Client   engine.Client                   // required
	System   *engine.System                  // required: the registered components
	Secret   []byte                          // signs the session cookie; at least 16 bytes
	Log      *slog.Logger                    // nil: slog.Default()
	Tracer   engine.Tracer                   // is told requests and patches; nil: nobody is
	Wrap     func(http.Handler) http.Handler // stands around everything; nil: nothing does
	Public   map[string]http.Handler         // by pattern: answers everybody, signed in or not
	Operator engine.Operator                 // required when Admin is set: what the System page shows and does
	Admin    func(user string) bool          // who may see the System page; nil: nobody

	Notes engine.Notes // to the app's other processes, of who looks at what; nil: each knows of its own

	Hosts []string // names that requests may be addressed to, without port; nil: any

	Expands bool     // whether long items can be expanded: the service for it is configured
	Idle    []string // services outside, by the names in x-calls, that are not configured: nothing is sent there

	Patience  time.Duration // how long a command's outcome is waited for; 0: 5 s
	BodyLimit int64         // bytes of a request; 0: 64 KiB
	BodyTime  time.Duration // how long they may take to arrive; 0: 20 s
	Limits    Limits        // of one person, and of all

	Now func() time.Time // nil: time.Now
}

// Validate joins everything that is wrong with the configuration.
func (c Config) Validate() error {
	var faults []error
	if c.Client == nil {
		faults = append(faults, errors.New("web: Client is missing"))
	}
	if c.System == nil {
		faults = append(faults, errors.New("web: System is missing"))
	}
	if c.Admin != nil && c.Operator == nil {
		faults = append(faults, errors.New("web: Admin is set and Operator is missing"))
	}
	if len(c.Secret) < 16 {
		faults = append(faults, fmt.Errorf("web: Secret has %d bytes, want 16 or more", len(c.Secret)))
	}
	if c.Patience < 0 || c.BodyLimit < 0 || c.BodyTime < 0 {
		faults = append(faults, errors.New("web: Patience, BodyLimit and BodyTime may not be negative"))
	}
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Patience = cmp.Or(c.Patience, 5*time.Second)
	c.BodyLimit = cmp.Or(c.BodyLimit, 64<<10)
	c.BodyTime = cmp.Or(c.BodyTime, 20*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Server is the app's http.Handler.
type Server struct {
	cfg      Config
	source   source
	assets   *assets
	sessions sessions
	limiter  *limiter
	pages    *http.ServeMux // the kinds of page, by path
	live     *live.Server
	presence *live.Presence
	monitor  *monitor
	overview overview
	flow     flow
	titles   []string // of events
	rebuilds rebuilds
	handler  http.Handler
	zips     sync.Pool // *gzip.Writer
}

// New makes the handler. It returns what Config.Validate finds.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return newServer(cfg.withDefaults(), engineSource{cfg.Client})
}

// newServer lets tests show pages from another source.
func newServer(cfg Config, src source) (*Server, error) {
	loaded, err := loadAssets()
	if err != nil {
		return nil, err
	}
	presence, err := live.NewPresence(live.PresenceConfig{Hub: cfg.Client.Hub(), Notes: cfg.Notes})
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, presence: presence, monitor: newMonitor(cfg.Operator), overview: overview{ops: cfg.Operator}, flow: flowOf(cfg.System), titles: titlesOf(cfg.System), source: src, assets: loaded, sessions: newSessions(cfg.Secret), limiter: newLimiter(cfg.Limits, cfg.Now), pages: http.NewServeMux()}
	livePages := []live.Page{}
	for _, kind := range s.kinds() {
		s.pages.HandleFunc(kind.pattern, func(w http.ResponseWriter, r *http.Request) { s.servePage(w, r, kind) })
		if kind.live() {
			livePages = append(livePages, s.livePage(kind))
		}
	}
	s.pages.HandleFunc("/", s.noPage)
	if s.live, err = live.New(live.Config{Hub: cfg.Client.Hub(), Pages: livePages, Log: cfg.Log, Patched: s.patched(),
		Presence: presence, Visitor: func(r *http.Request) string { return visitOf(r.Context()).user }}); err != nil {
		return nil, err
	}
	s.handler = s.routes()
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Run does what goes on between requests until ctx ends: it keeps the processes
// informed of who looks at what, and carries out rebuilds that the System page
// began. It returns nil.
func (s *Server) Run(ctx context.Context) error {
	defer s.rebuilds.run(ctx)()
	return s.presence.Run(ctx)
}

// Close ends the live streams. Hand it to http.Server.RegisterOnShutdown, so that
// open tabs do not hold up a graceful stop.
func (s *Server) Close() { s.live.Close() }
