package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/measure"
	"github.com/backstory-go/backstory/engine/postgres"
)

// rebuild builds the read model anew from the whole log, as a program does whose
// definition of it changed, beside an ordered scan of the log that decodes.
func (b *bench) rebuild(ctx context.Context, head int64) error {
	b.tell("rebuild")
	if err := b.caughtUp(ctx); err != nil {
		return err
	}
	turn := 0
	own := func(ctx context.Context) (float64, error) {
		turn++
		took, err := b.rebuildOnce(ctx, fmt.Sprintf(" bench %d", turn), head)
		return float64(head) / took.Seconds(), err
	}
	raw := func(ctx context.Context) (float64, error) {
		took, err := b.scan(ctx)
		return float64(head) / took.Seconds(), err
	}
	compared, err := measure.InTurns(ctx, min(b.Rounds, 3), own, raw)
	if err == nil {
		_, err = b.rebuildOnce(ctx, "", head) // what follows finds the app's own definition
	}
	if err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	b.out.add(Row{Work: "rebuild of a projection", Unit: "events/s", Target: "60,000/s and 0.5 × raw", Compared: compared,
		Note: fmt.Sprintf("%d events; raw: ordered scan with encoding/json", head)})
	return nil
}

// rebuildOnce runs a program with another definition until its read model has
// seen the log.
func (b *bench) rebuildOnce(ctx context.Context, definition string, head int64) (time.Duration, error) {
	system := b.System()
	if p, ok := system.Projection(projection); ok {
		p.Hash += definition
	}
	start := time.Now()
	eng, err := postgres.Open(ctx, postgres.Config{URL: b.URL, System: system, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, err
	}
	defer eng.Close()
	work, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- eng.Run(work) }()
	err = eng.Projected(ctx, projection, head)
	took := time.Since(start)
	cancel()
	return took, errors.Join(err, <-ended)
}

func (b *bench) scan(ctx context.Context) (time.Duration, error) {
	conn, err := pgx.Connect(ctx, b.URL)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	start := time.Now()
	rows, err := conn.Query(ctx, "SELECT type, data FROM backstory.events ORDER BY position")
	if err != nil {
		return 0, err
	}
	var typ string
	var data []byte
	_, err = pgx.ForEachRow(rows, []any{&typ, &data}, func() error {
		var event struct {
			ID   string `json:"id"`
			Text string `json:"text"`
			Name string `json:"name"`
		}
		return json.Unmarshal(data, &event)
	})
	return time.Since(start), err
}
