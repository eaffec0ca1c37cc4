package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/backstory-go/backstory/engine/localpg"
)

// privateDatabase is the app's database in its private cluster.
const privateDatabase = "backstory"

// database is where the log lives: somebody's, or the app's own.
type database struct {
	url, directURL, ownerURL string
	server                   *localpg.Server // nil: somebody's
}

// openDatabase takes the configured database, else starts the private cluster.
func openDatabase(ctx context.Context, cfg config, log *slog.Logger) (database, error) {
	if cfg.databaseURL != "" {
		return database{url: cfg.databaseURL, directURL: cfg.directURL, ownerURL: cfg.ownerURL}, nil
	}
	server, err := localpg.Start(ctx, localpg.Config{Dir: cfg.dataDir, Durable: true, Log: log})
	if err != nil {
		return database{}, fmt.Errorf("start a private PostgreSQL: %w", err)
	}
	if err := server.EnsureDatabase(ctx, privateDatabase); err != nil {
		_ = server.Close() // the first error is the one to tell
		return database{}, err
	}
	log.Info(server.Message())
	return database{url: server.URL(privateDatabase), server: server}, nil
}

// Close leaves the private cluster, which stops with its last user.
func (d database) Close() error {
	if d.server == nil {
		return nil
	}
	return d.server.Close()
}

// Watch keeps the private cluster alive until ctx ends.
func (d database) Watch(ctx context.Context) error {
	if d.server == nil {
		return nil
	}
	return d.server.Watch(ctx)
}
