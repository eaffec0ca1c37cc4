package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
)

// ErrPooler means that Config.URL leads through a pooler, and that no DirectURL
// leads past it: listening, migrations and builds need sessions of their own.
var ErrPooler = errors.New("the database's address leads through a pooler: name the server's own address too, as DirectURL " +
	"(DATABASE_DIRECT_URL); or the same address, where the pooler keeps one session for each connection")

// ErrStandby means that the database only follows another one. It is an
// engine.ErrUnavailable, too: the standby may be promoted.
var ErrStandby = fmt.Errorf("%w: it is a standby, which takes no commands: name the primary's address", engine.ErrUnavailable)

// throughPooler says whether Config.URL leads through a pooler: that hands out keys
// for cancelling which are its own, and the process of the session has another number.
// With a standby behind it the error is ErrStandby.
func throughPooler(ctx context.Context, cfg Config) (bool, error) {
	cfg.DirectURL = cfg.URL
	conn, err := reach(ctx, cfg, direct)
	if err != nil {
		return false, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var pid uint32
	var standby bool
	err = conn.QueryRow(ctx, "select pg_backend_pid(), pg_is_in_recovery()", pgx.QueryExecModeSimpleProtocol).Scan(&pid, &standby)
	if err == nil && standby {
		err = ErrStandby
	}
	return pid != conn.PgConn().PID(), fault(ctx, err, "look for a pooler")
}

// follow lets an engine that only reads work on a standby: everything is asked there,
// and nothing can be prepared.
func follow(ctx context.Context, cfg Config) (Config, error) {
	cfg.standby, cfg.DirectURL, cfg.OwnerURL = true, cfg.URL, cfg.URL
	conn, err := reach(ctx, cfg, direct)
	if err != nil {
		return cfg, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	found, err := lookSchema(ctx, conn)
	if err == nil {
		err = found.admits(cfg.program())
	}
	if err == nil && found.version < cfg.program() {
		err = fmt.Errorf("the standby's schema is at %d, and this program reads version %d: start it with the primary first", found.version, cfg.program())
	}
	return cfg, fault(ctx, err, "look at the standby's schema")
}
