package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// READ COMMITTED is said each time: a role or database may default to another
// level, whose snapshot would be older than a lock waited for.
const (
	begin    = "begin isolation level read committed"
	commit   = "commit"
	rollback = "rollback"
)

// queueCommit ends a pipeline of conn. A transaction that had failed answers
// ROLLBACK without an error, and one whose wait for a replica was broken off
// COMMIT.
func queueCommit(b *pgx.Batch, conn *pgx.Conn) {
	b.Queue(commit).Exec(func(tag pgconn.CommandTag) error {
		if unreplicated(conn) || tag.String() != "COMMIT" {
			return errUnsure
		}
		return nil
	})
}

// noReplica marks a connection whose last commit did not wait for its replicas.
const noReplica = "backstory: not replicated"

// onNotice takes in what the server says beside its answers.
func onNotice(conn *pgconn.PgConn, n *pgconn.Notice) {
	if brokeOff(n) {
		conn.CustomData()[noReplica] = true
	}
}

// unreplicated says whether the wait of the last commit for a replica was broken
// off, and forgets it.
func unreplicated(conn *pgx.Conn) bool {
	data := conn.PgConn().CustomData()
	_, found := data[noReplica]
	delete(data, noReplica)
	return found
}

// abort gives up a transaction; a connection that cannot is closed by its pool.
func abort(ctx context.Context, conn *pgxpool.Conn) {
	if conn.Conn().IsClosed() || conn.Conn().PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_, _ = conn.Exec(ctx, rollback)
}

// inTx runs do in a transaction that starts with a statement of settings.
func inTx(ctx context.Context, pool *pgxpool.Pool, settings string, do func(conn *pgx.Conn) error) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	defer abort(ctx, conn)
	b := &pgx.Batch{}
	b.Queue(begin)
	b.Queue(settings)
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	if err := do(conn.Conn()); err != nil {
		return err
	}
	b = &pgx.Batch{}
	queueCommit(b, conn.Conn())
	return conn.SendBatch(ctx, b).Close()
}
