package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/measure"
	"github.com/backstory-go/backstory/engine/postgres"
)

const (
	workRebuild       = "rebuild of a projection"
	workRebuildMemory = "memory of a rebuild"
)

// rebuild builds the read model anew from the whole log, as a program does whose
// definition of it changed, beside an ordered scan of the log that decodes.
func (b *bench) rebuild(ctx context.Context, head int64) error {
	if !b.wants(workRebuild, workRebuildMemory) {
		return nil
	}
	b.tell("rebuild")
	var most []float64 // memory of each turn
	own := func(ctx context.Context) (float64, error) {
		memory := watchMemory()
		took, err := b.rebuildOnce(ctx, fmt.Sprintf(" bench %d", len(most)), head)
		most = append(most, memory())
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
	b.out.add(Row{Work: workRebuild, Unit: "events/s", Target: "60,000/s and 0.5 × raw", Compared: compared,
		Note: fmt.Sprintf("%d events; raw: ordered scan with encoding/json", head)})
	b.out.addValue(Row{Work: workRebuildMemory, Unit: "MB", Target: "under 200 MB",
		Note: fmt.Sprintf("%d events; the whole process", head)}, most...)
	return nil
}

// watchMemory samples what this process has of the machine's memory, and tells the
// most of it in megabytes.
func watchMemory() (most func() float64) {
	debug.FreeOSMemory()
	stop, highest := make(chan struct{}), make(chan float64)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for high := held(); ; high = max(high, held()) {
			select {
			case <-stop:
				highest <- high
				return
			case <-tick.C:
			}
		}
	}()
	return func() float64 {
		close(stop)
		return <-highest / 1e6
	}
}

// held is the memory that this process has from the system, in bytes.
func held() float64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return float64(samples[0].Value.Uint64() - samples[1].Value.Uint64())
}

// rebuildOnce runs a program with another definition until its read model has
// seen the log.
func (b *bench) rebuildOnce(ctx context.Context, definition string, head int64) (time.Duration, error) {
	system := b.System()
	if p, ok := system.Projection(projection); ok {
		p.Hash += definition
	}
	start := time.Now()
	eng, err := postgres.Open(ctx, postgres.Config{URL: b.URL, System: system, Log: quiet()})
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
