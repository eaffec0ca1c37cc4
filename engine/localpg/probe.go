package localpg

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// errForeign says that the server that answers is not the one of this cluster.
var errForeign = errors.New("another server answers")

// probe connects to the port of postmaster.pid and returns the record when the server behind it is this cluster's.
func (c *cluster) probe(ctx context.Context, file pidFile) (record, error) {
	r := record{Host: loopback, Port: file.port, DataDirectory: c.data, PID: file.pid}
	if file.port == 0 {
		return record{}, errors.New("its port is not known yet")
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	cfg, err := pgx.ParseConfig(r.url(""))
	if err != nil {
		return record{}, fmt.Errorf("parse the server's address: %w", err)
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return record{}, fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var data, name, fsync string
	err = conn.QueryRow(ctx, `SELECT current_setting('data_directory'), current_setting('cluster_name'),
		current_setting('fsync'), current_setting('server_version_num')::int / 10000 || '.' ||
		current_setting('server_version_num')::int % 10000`).Scan(&data, &name, &fsync, &r.Version)
	if err != nil {
		return record{}, fmt.Errorf("ask for its data folder: %w", err)
	}
	if resolved, err := filepath.EvalSymlinks(data); err == nil {
		data = resolved
	}
	if data != c.data || name != c.clusterName() {
		return record{}, fmt.Errorf("%w on port %d: cluster %q in %s", errForeign, file.port, name, data)
	}
	r.durable = fsync == "on"
	return r, nil
}
