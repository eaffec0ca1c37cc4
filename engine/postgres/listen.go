package postgres

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// listen hears other processes' notices over one connection, and gets a new one
// whenever it is lost. It returns nil when ctx ends.
func (e *Engine) listen(ctx context.Context) error {
	health := e.health.begin(loopListen, stuckAfter)
	defer health.end()
	for wait := 50 * time.Millisecond; ctx.Err() == nil; wait = min(2*wait, time.Second) {
		heard, err := e.hear(ctx, health)
		if ended(ctx, err) {
			return nil
		}
		if heard {
			wait = 50 * time.Millisecond
		}
		e.log.Warn("listening is tried again", "error", err)
		health.fails(err)
		pause(ctx, wait)
	}
	return nil
}

// hear listens until the connection fails. After it is made nobody knows what
// was missed, so everybody looks.
func (e *Engine) hear(ctx context.Context, health *loop) (heard bool, err error) {
	conn, err := direct(ctx, e.cfg)
	if err != nil {
		return false, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "listen "+channel); err != nil {
		return false, err
	}
	e.hears.Store(true)
	defer e.hears.Store(false)
	e.epochs.bell.ring()
	e.wakeAll()
	for {
		health.works()
		if err := e.hearOne(ctx, conn); err != nil {
			return true, err
		}
	}
}

func (e *Engine) hearOne(ctx context.Context, conn *pgx.Conn) error {
	quiet, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	n, err := conn.WaitForNotification(quiet)
	switch {
	case err == nil:
		e.onNotice(n.Payload)
		return nil
	case quiet.Err() != nil && ctx.Err() == nil && !conn.IsClosed():
		return conn.Ping(ctx)
	}
	return err
}

// onNotice wakes whom a payload concerns. Notices of this process were acted on
// when they were sent.
func (e *Engine) onNotice(payload string) {
	words := strings.Fields(payload)
	if len(words) < 2 || words[0] == e.id.String() {
		return
	}
	switch words[1] {
	case noticeInbox:
		e.onInbox()
	case noticeLog:
		e.tail.wake.ring()
	case noticeOutcome:
		e.waiters.wake.ring()
	case noticeNote:
		e.onNote(words[0], words[2:])
	case noticeSwapped:
		if len(words) == 3 {
			e.hub.Publish(words[2])
		}
	case noticeProjected:
		if len(words) == 7 && words[6] == e.epochs.now().Epoch.String() {
			e.onProjected(words[2:])
		}
	}
}

// onProjected takes in a name, a position, the number of slots and which of them.
func (e *Engine) onProjected(words []string) {
	position, err := strconv.ParseInt(words[1], 10, 64)
	total, totalErr := strconv.ParseInt(words[2], 10, 32)
	if err != nil || totalErr != nil {
		return
	}
	var slots []int32
	for text := range strings.SplitSeq(words[3], ",") {
		if n, err := strconv.ParseInt(text, 10, 32); err == nil {
			slots = append(slots, int32(n))
		}
	}
	e.applied.reach(words[0], slots, int32(total), position)
	e.hub.Publish(words[0])
}

func (e *Engine) wakeAll() {
	e.ringWorkers()
	e.tail.wake.ring()
	e.waiters.wake.ring()
	e.hub.PublishAll()
}
