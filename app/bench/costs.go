package bench

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	workIdle    = "idle process"
	workStartup = "startup until ready"
)

// idle watches a process that nobody asks anything, and its database's sessions.
func (b *bench) idle(ctx context.Context) error {
	if err := b.work(ctx); err != nil {
		return err
	}
	head, err := b.eng.Head(ctx)
	if err != nil {
		return err
	}
	return b.watchIdle(ctx, head)
}

func (b *bench) watchIdle(ctx context.Context, stored int64) error {
	b.tell(fmt.Sprintf("idle with %d events", stored))
	if err := b.caughtUp(ctx); err != nil {
		return err
	}
	pids, err := b.sessions(ctx)
	if err != nil {
		return err
	}
	own, theirs, start := used(), ticks(pids), time.Now()
	<-time.After(b.Idle)
	span := time.Since(start).Seconds()
	note := fmt.Sprintf("%d events stored; the app, without its database", stored)
	b.out.addValue(Row{Work: workIdle, Unit: "% of a core", Target: "under 1 %", Note: note}, 100*(used()-own).Seconds()/span)
	if len(theirs) > 0 {
		note = fmt.Sprintf("%d events stored; its sessions in PostgreSQL", stored)
		b.out.addValue(Row{Work: workIdle, Unit: "% of a core", Target: "the same whatever is stored", Note: note}, 100*since(theirs, ticks(pids))/span)
	}
	return nil
}

// sessions are the processes of PostgreSQL that serve this database.
func (b *bench) sessions(ctx context.Context) ([]int, error) {
	conn, err := pgx.Connect(ctx, b.URL)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int])
}

// ticks are the processor seconds of those processes that are on this machine.
func ticks(pids []int) map[int]float64 {
	seconds := map[int]float64{}
	for _, pid := range pids {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if err != nil || len(fields) < 13 {
			continue
		}
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		seconds[pid] = (user + system) / 100 // the kernel's ticks are 100 a second for programs
	}
	return seconds
}

// since is what processes used between two looks. One that ended counts no more.
func since(before, after map[int]float64) (seconds float64) {
	for pid, now := range after {
		seconds += now - before[pid]
	}
	return seconds
}

// longLog fills the log up and measures what must not depend on its length.
func (b *bench) longLog(ctx context.Context) error {
	if err := b.work(ctx); err != nil { // the reactions are registered before what they are not to see is stored
		return err
	}
	b.rest()
	if err := b.seed(ctx, "Stored", b.Events/eventsEach, eventsEach); err != nil {
		return err
	}
	head, err := b.head(ctx)
	if err != nil {
		return err
	}
	if err := b.rebuild(ctx, head); err != nil {
		return err
	}
	if err := b.work(ctx); err != nil {
		return err
	}
	if b.wants(workIdle) {
		if err := b.watchIdle(ctx, head); err != nil {
			return err
		}
	}
	return b.startup(ctx, head)
}

// head is the log's, whoever works.
func (b *bench) head(ctx context.Context) (position int64, err error) {
	conn, err := pgx.Connect(ctx, b.URL)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, "SELECT coalesce(max(position), 0) FROM backstory.events").Scan(&position)
	return position, err
}

// startup opens and runs another engine until it is ready.
func (b *bench) startup(ctx context.Context, stored int64) error {
	if !b.wants(workStartup) {
		return nil
	}
	b.tell("startup")
	var took []float64
	for range b.Rounds {
		start := time.Now()
		eng, stop, err := b.start(ctx)
		if err != nil {
			return err
		}
		ready := eng.Readiness(ctx).Ready
		took = append(took, time.Since(start).Seconds())
		stop()
		if !ready {
			return fmt.Errorf("startup: the engine is not ready")
		}
	}
	b.out.addValue(Row{Work: workStartup, Unit: "s", Target: "under 1 s with 2,000,000 events",
		Note: fmt.Sprintf("%d events stored", stored)}, took...)
	return nil
}
