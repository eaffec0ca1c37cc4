package postgres

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Status reads what the database's processes are doing.
func (e *Engine) Status(ctx context.Context) (engine.SystemStatus, error) {
	var status engine.SystemStatus
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, e.reads, snapshot, func(tx pgx.Tx) (err error) {
		status, err = e.readStatus(ctx, enginedb.New(tx))
		epoch := e.epochs.now()
		status.Epoch, status.CallsPaused = epoch.Epoch.String(), epoch.CallsPaused
		return err
	})
	return status, fault(ctx, err, "status")
}

// Workers counts the live processes that decide commands, this one included
// while it runs.
func (e *Engine) Workers(ctx context.Context) (int64, error) {
	alive, err := e.sql.WorkerCount(ctx)
	return alive, fault(ctx, err, "count the processes that work")
}

func (e *Engine) readStatus(ctx context.Context, sql *enginedb.Queries) (engine.SystemStatus, error) {
	head, err := sql.LogPosition(ctx)
	if err != nil {
		return engine.SystemStatus{}, err
	}
	processes, err := sql.StatusProcesses(ctx)
	if err != nil {
		return engine.SystemStatus{}, err
	}
	consumers, err := e.readConsumers(ctx, sql, head)
	if err != nil {
		return engine.SystemStatus{}, err
	}
	commands, err := sql.StatusCommands(ctx)
	if err != nil {
		return engine.SystemStatus{}, err
	}
	builds, err := readBuilds(ctx, sql, head)
	if err != nil {
		return engine.SystemStatus{}, err
	}
	status := engine.SystemStatus{Head: head, Processes: make([]engine.ProcessStatus, len(processes)),
		Consumers: consumers, Builds: builds,
		Commands: engine.CommandsStatus{Pending: commands.Pending, Scheduled: commands.Scheduled,
			Settling: commands.Settling, Parked: commands.Failed}}
	for i, row := range processes {
		p := &status.Processes[i]
		_ = json.Unmarshal(row.Info, p) // information: what another version wrote may lack
		p.ID, p.StartedAt, p.SeenAt = row.ID, row.StartedAt.UTC(), row.SeenAt.UTC()
	}
	return status, nil
}

// readBuilds tells how far each build is.
func readBuilds(ctx context.Context, sql *enginedb.Queries, head int64) ([]engine.BuildStatus, error) {
	rows, err := sql.BuildList(ctx)
	if err != nil {
		return nil, err
	}
	builds := make([]engine.BuildStatus, len(rows))
	for i, row := range rows {
		builds[i] = engine.BuildStatus{Projection: row.Projection, Running: row.Running, Position: row.Position, Floor: row.Floor}
		if done := row.Position - row.Floor; done > 0 {
			builds[i].RemainingSeconds = row.Seconds / float64(done) * float64(max(head-row.Position, 0))
		}
		if !row.Running {
			builds[i].GivenUp = givenUp(row.Projection, row.Starts, row.Position)
		}
	}
	states, err := sql.RefoldList(ctx)
	for _, row := range states {
		builds = append(builds, engine.BuildStatus{Projection: row.Consumer, Running: row.Running, Position: row.Position,
			Floor: row.Floor, GivenUp: givenUp(row.Consumer, row.Starts, row.Position)})
	}
	return builds, err
}

func givenUp(name string, starts int32, position int64) string {
	if starts < startsMost {
		return ""
	}
	return (&givenUpError{name, starts, position}).Error()
}

// readConsumers tells how far each consumer is behind the head.
func (e *Engine) readConsumers(ctx context.Context, sql *enginedb.Queries, head int64) ([]engine.ConsumerStatus, error) {
	rows, err := sql.StatusConsumers(ctx)
	if err != nil {
		return nil, err
	}
	consumers := make([]engine.ConsumerStatus, len(rows))
	for i, row := range rows {
		consumers[i] = engine.ConsumerStatus{Name: row.Name, Kind: row.Type, Status: e.consumerStatus(row), Slots: int(row.Slots),
			Position: row.Position, LagEvents: max(head-row.Position, 0), LagSeconds: max(row.LagSeconds, 0),
			Retrying: row.Retrying, Parked: row.Parked}
	}
	return consumers, nil
}

func (e *Engine) consumerStatus(row enginedb.StatusConsumersRow) string {
	if row.Hash == "" && e.projection(row.Name) != nil {
		return engine.ConsumerUnbuilt
	}
	known := slices.ContainsFunc(e.consumers, func(c *consumer) bool { return c.name == row.Name && c.hash == row.Hash })
	switch {
	case !known:
		return engine.ConsumerForeign
	case row.Status == statusPaused:
		return engine.ConsumerPaused
	case row.Running == row.Slots:
		return engine.ConsumerRunning
	}
	return engine.ConsumerStopped
}
