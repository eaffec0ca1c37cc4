package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/backstory-go/backstory/app/expander"
	"github.com/backstory-go/backstory/app/slack"
	apptodos "github.com/backstory-go/backstory/app/todos"
	"github.com/backstory-go/backstory/app/trace"
	"github.com/backstory-go/backstory/app/watch"
	"github.com/backstory-go/backstory/app/web"
	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
	"github.com/backstory-go/backstory/generated/todos"
)

// shutdownTime is how long requests in flight may take after a stop signal.
const shutdownTime = 5 * time.Second

// serve runs the app until ctx ends: database, engine, pages, in this order,
// and stops them in the opposite one. It prints the address when it is ready.
func serve(ctx context.Context, cfg config, out io.Writer) (err error) {
	log := cfg.logger(os.Stderr, slog.LevelInfo)
	database, err := openDatabase(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Close()) }()

	system := newSystem(cfg)
	export, err := trace.FromEnvironment(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeExport(ctx, export)) }()
	eng, err := postgres.Open(ctx, postgres.Config{
		URL: database.url, DirectURL: database.directURL, OwnerURL: database.ownerURL, System: system, Log: log, Roles: cfg.roles,
		Tracer: export.Tracer(), OutcomeRetention: cfg.retention,
	})
	if err != nil {
		return err
	}
	defer eng.Close()

	if eng.Epoch().CallsPaused {
		if _, err := fmt.Fprintln(out, pausedLine); err != nil {
			return err
		}
	}
	secret, err := sessionSecret(ctx, cfg, eng)
	if err != nil {
		return err
	}
	public := watch.Handlers(eng)
	maps.Copy(public, contracts())
	handler, err := web.New(web.Config{Client: eng, System: system, Secret: secret, Log: log, Tracer: export.Tracer(), Public: public, Wrap: export.Inbound,
		Operator: eng, Admin: cfg.admin, Hosts: cfg.hosts(), Notes: eng, Expands: cfg.openAI.key != "", Idle: cfg.idle()})
	if err != nil {
		return err
	}
	services := []func(context.Context) error{database.Watch, eng.Run, handler.Run}
	return run(ctx, cfg, services, handler, log, out)
}

// closeExport sends the last spans. That a collector is away is no reason to fail.
func closeExport(ctx context.Context, export *trace.Export) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := export.Close(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("send the last traces: %w", err)
	}
	return nil
}

// newSystem registers every context of the app. A service that is not configured
// is registered all the same: its events are passed over, not kept for later.
func newSystem(cfg config) *engine.System {
	system := &engine.System{}
	todos.Register(system,
		expander.Expander{Key: cfg.openAI.key, BaseURL: cfg.openAI.baseURL, Model: cfg.openAI.model},
		apptodos.List{}, apptodos.ListName{}, apptodos.Listings{},
		slack.Dispatcher{Webhook: cfg.slackWebhook, BaseURL: cfg.links()})
	return system
}

// sessionSecret is the configured one, else one that is made once and kept.
func sessionSecret(ctx context.Context, cfg config, eng *postgres.Engine) ([]byte, error) {
	if cfg.sessionSecret != "" {
		return []byte(cfg.sessionSecret), nil
	}
	fresh := make([]byte, 32)
	rand.Read(fresh)
	secret, err := eng.Setting(ctx, "session_secret", fresh)
	if err != nil {
		return nil, fmt.Errorf("session secret: %w", err)
	}
	return secret, nil
}

// run serves requests and runs the services until ctx ends or one of them fails.
func run(ctx context.Context, cfg config, services []func(context.Context) error, handler *web.Server, log *slog.Logger, out io.Writer) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w (choose another address with --addr)", cfg.addr, err)
	}
	removePID, err := writePID(cfg.dataDir)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer removePID()

	server := httpServer(handler, log)
	server.RegisterOnShutdown(handler.Close) // ends the open tabs' streams

	// The services outlive the requests, which wait for what the services do.
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	group, ctx := errgroup.WithContext(ctx)
	for _, service := range services {
		group.Go(func() error { return service(work) })
	}
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		defer stopWork()
		<-ctx.Done()
		deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		if err := server.Shutdown(deadline); !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		return server.Close() // whoever still waits asks again: the commands are stored
	})
	_, _ = fmt.Fprintf(out, "Ready on %s\n", localURL(listener.Addr().String()))
	return group.Wait()
}

// httpServer bounds what a client can hold: the time of headers, of idle
// connections and of answers, and the size of headers. Bodies have limits of the
// handler's; live streams set the time of each event themselves.
func httpServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout:      90 * time.Second, // three times the longest wait for an outcome
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// localURL is what a person of this machine opens in a browser.
func localURL(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || ip == nil || ip.IsLoopback() || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// writePID notes the process in <dataDir>/app.pid, so that scripts can stop the
// app itself where `go run` stands in between.
func writePID(dataDir string) (remove func(), err error) {
	if err := os.MkdirAll(dataDir, 0o755); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	name := filepath.Join(dataDir, "app.pid")
	own := strconv.Itoa(os.Getpid())
	if err := os.WriteFile(name, []byte(own+"\n"), 0o644); err != nil {
		return nil, fmt.Errorf("note the process id: %w", err)
	}
	return func() {
		if text, err := os.ReadFile(name); err == nil && string(text) == own+"\n" {
			_ = os.Remove(name) // a file that stays behind misleads nobody: its process is gone
		}
	}, nil
}
