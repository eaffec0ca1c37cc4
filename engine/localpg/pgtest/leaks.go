package pgtest

import (
	"context"
	"fmt"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// leakPatience bounds how long what is ending may take to end. Nothing of a healthy test takes it.
	leakPatience = 15 * time.Second
	leakPause    = 10 * time.Millisecond
	// leakLabel marks the goroutines of a test; those that they start inherit it.
	leakLabel = "backstory-test"
	// sharedLabel marks what belongs to the shared server, and outlives tests.
	sharedLabel = "shared"
)

// watchGoroutines marks what the calling goroutine starts from now on, and lets the test fail at its end if any of it
// still runs. Cleanups that are registered later have run by then.
func watchGoroutines(tb testing.TB) {
	tb.Helper()
	label := newToken()
	mark(label)
	tb.Cleanup(func() {
		unmark() // this goroutine goes on
		if left := await(func() string { return goroutinesOf(label) }); left != "" {
			tb.Errorf("pgtest: goroutines are left after the test:\n%s", left)
		}
	})
}

// watchSessions lets the test fail at its end if anybody is still connected to the database, or to any of the server
// where it is "". Cleanups that are registered later have run by then.
func watchSessions(tb testing.TB, admin, database string) {
	tb.Helper()
	tb.Cleanup(func() {
		if left := await(func() string { return sessionsOf(admin, database) }); left != "" {
			tb.Errorf("pgtest: sessions are left after the test:\n%s", left)
		}
	})
}

// mark labels the calling goroutine, and with it those that it will start.
func mark(label string) {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels(leakLabel, label)))
}

func unmark() { pprof.SetGoroutineLabels(context.Background()) }

// await asks until nothing is left, or patience is at its end, and returns what is left.
func await(look func() string) (left string) {
	tick := time.NewTicker(leakPause)
	defer tick.Stop()
	for deadline := time.Now().Add(leakPatience); ; <-tick.C {
		if left = look(); left == "" || time.Now().After(deadline) {
			return left
		}
	}
}

// goroutinesOf are the stacks of the goroutines that are marked with the label.
func goroutinesOf(label string) string {
	var left []string
	for _, stack := range stacks() {
		if strings.Contains(stack, marked(label)) {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}

// stacks are those of all goroutines. Each begins with how many have it, and goes on with their labels.
func stacks() []string {
	var profile strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return []string{err.Error()}
	}
	_, list, _ := strings.Cut(profile.String(), "\n") // the total
	return strings.Split(strings.TrimSpace(list), "\n\n")
}

func marked(label string) string { return strconv.Quote(leakLabel) + ":" + strconv.Quote(label) }

// sessionsOf are the clients that are connected to the database, or to any where it is "". A server that does not answer has none.
func sessionsOf(admin, database string) string {
	ctx, cancel := context.WithTimeout(context.Background(), leakPatience)
	defer cancel()
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return ""
	}
	defer conn.Close(ctx)
	var left string
	err = conn.QueryRow(ctx, `SELECT coalesce(string_agg(concat_ws(' ', datname, application_name, state, wait_event, '|', left(query, 200)), E'\n'), '')
		FROM pg_stat_activity WHERE (datname = $1 OR $1 = '') AND backend_type = 'client backend' AND pid <> pg_backend_pid()`, database).Scan(&left)
	if err != nil {
		return fmt.Sprintf("look for sessions: %v", err)
	}
	return left
}

// moreThan tells the stacks if there are more goroutines than before the tests ran; "" means there are not. Those that
// wait for the shared server's processes do not count: other test processes may use it still. Nor does the one that
// hears signals: once begun, as fuzzing does, it never ends.
func moreThan(before int) string {
	return await(func() string {
		var left []string
		count := 0
		for _, stack := range stacks() {
			if !strings.Contains(stack, marked(sharedLabel)) && !strings.Contains(stack, "os/signal.loop") {
				n := 0
				_, _ = fmt.Sscan(stack, &n)
				count, left = count+n, append(left, stack)
			}
		}
		if count <= before {
			return ""
		}
		return fmt.Sprintf("%d goroutines before the tests, %d after them:\n%s", before, count, strings.Join(left, "\n\n"))
	})
}
