package postgres

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/backstory-go/backstory/engine"
)

// silentMost is how long sent data may stay unacknowledged.
const silentMost = 10 * time.Second

// dialer notices a silent network within 11 s, also while an answer is awaited:
// then the kernel sends again and keeps nothing alive.
func dialer() *net.Dialer {
	return &net.Dialer{Timeout: 5 * time.Second, Control: boundSilence, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3}}
}

// pools opens the engine's own connections, half of the budget and at most 8,
// and the ones that reading callers share.
func pools(ctx context.Context, cfg Config, pooled bool, watched *awaited) (work, reads *pgxpool.Pool, err error) {
	own := min(cfg.MaxConns/2, 8)
	work, err = pool(ctx, cfg.URL, own, pooled, watched, forEngine)
	if err != nil {
		return nil, nil, err
	}
	reads, err = pool(ctx, cfg.URL, cfg.MaxConns-own, pooled, watched, forReaders)
	if err != nil {
		work.Close()
		return nil, nil, err
	}
	return work, reads, nil
}

// forEngine makes plans that stay right: the engine's own statements all go by
// index and in its order, but a statement planned while its table was small would
// scan it, and go on to while it grows. What must be scanned (a few slots) then
// looks so dear that it would be compiled, for longer than a lease lasts: hence no
// JIT. Left alone, the planner prefers to plan anew for every small batch, which
// takes longer than running it: hence generic plans. Behind a pooler this reaches
// some sessions only; they plan as ever.
func forEngine(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "select set_config('enable_seqscan', 'off', false), set_config('enable_bitmapscan', 'off', false), "+
		"set_config('jit', 'off', false), set_config('plan_cache_mode', 'force_generic_plan', false)")
	return err
}

// forReaders leaves the planner its freedom, for queries that it is not known what
// they ask. What they read is in memory or on a disk without a head to move: with
// the default, a stream's events would be read in the disk's order and sorted.
// No JIT here either: pages ask for little, and where the planner takes that for a
// share of a long log, a session would compile for 0.3 s what takes 1 ms.
func forReaders(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "select set_config('random_page_cost', '1.1', false), set_config('jit', 'off', false)")
	return err
}

// pool opens connections as they are needed. Through a pooler the next transaction
// may run in another session, which has not prepared what the last one did: then
// statements are known by their types only.
func pool(ctx context.Context, url string, most int, pooled bool, watched *awaited, after func(context.Context, *pgx.Conn) error) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = int32(most)
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		registerUUIDs(conn)
		watched.connected(conn)
		return after(ctx, conn)
	}
	if pooled && cfg.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	cfg.HealthCheckPeriod = 5 * time.Second
	polish(cfg.ConnConfig)
	if !pooled { // a pooler's numbers of sessions are its own
		cfg.ConnConfig.DialFunc = watched.dial
	}
	return pgxpool.NewWithConfig(ctx, cfg)
}

func polish(cfg *pgx.ConnConfig) {
	cfg.DialFunc = dialer().DialContext
	cfg.OnNotice = onNotice
	cfg.ConnectTimeout = 5 * time.Second
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "backstory"
	}
}

// direct opens one connection past any pooler.
func direct(ctx context.Context, cfg Config) (*pgx.Conn, error) {
	c, err := pgx.ParseConfig(cfg.DirectURL)
	if err != nil {
		return nil, err
	}
	polish(c)
	conn, err := pgx.ConnectConfig(ctx, c)
	if err == nil {
		registerUUIDs(conn)
	}
	return conn, err
}

// reach is direct or owner, tried until ConnectWait is over: a database that is being
// started refuses connections for a while.
func reach(outer context.Context, cfg Config, connect func(context.Context, Config) (*pgx.Conn, error)) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(outer, cfg.ConnectWait)
	defer cancel()
	for {
		conn, err := connect(ctx, cfg)
		if err == nil {
			return conn, nil
		}
		if !surroundings(err) {
			return nil, fmt.Errorf("connect: %w", err)
		}
		if waits := pause(ctx, 100*time.Millisecond); !waits && outer.Err() != nil {
			return nil, fmt.Errorf("connect: %w", outer.Err())
		} else if !waits {
			return nil, fmt.Errorf("connect: %w after %s: %w", engine.ErrUnavailable, cfg.ConnectWait, err)
		}
	}
}
