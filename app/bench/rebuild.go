package bench

import (
	"context"
	"encoding/json"
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

// rebuild builds the read model anew from the whole log, as `app rebuild` does,
// beside an ordered scan of the log that decodes.
func (b *bench) rebuild(ctx context.Context, head int64) error {
	if !b.wants(workRebuild, workRebuildMemory) {
		return nil
	}
	b.tell("rebuild")
	eng, err := postgres.Open(ctx, postgres.Config{URL: b.URL, System: b.System(), Log: quiet()})
	if err != nil {
		return err
	}
	defer eng.Close()
	var most []float64 // memory of each turn
	own := func(ctx context.Context) (float64, error) {
		memory, start := watchMemory(), time.Now()
		err := eng.Rebuild(ctx, projection, nil)
		took := time.Since(start)
		most = append(most, memory())
		return float64(head) / took.Seconds(), err
	}
	raw := func(ctx context.Context) (float64, error) {
		took, err := b.scan(ctx)
		return float64(head) / took.Seconds(), err
	}
	compared, err := measure.InTurns(ctx, min(b.Rounds, 3), own, raw)
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
