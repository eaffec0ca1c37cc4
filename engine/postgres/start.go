package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// startsMost is how many processes in a row may end after they began with something,
// and before they stored anything, until nobody begins with it any more.
const startsMost = 4

// start is a begin of folding anew, of a projection beside its live table or of the
// states of a reactor's slot. It goes on where it was in whatever process is next, so
// a handler that ends its process would end every one. Hence a start is counted before
// it, and forgotten with the first page that is stored. One that follows others has
// its turn alone: what is folded at the same time is not to blame. After startsMost of
// them it is given up until another program comes, or somebody asks for a rebuild.
type start struct {
	e        *Engine
	consumer string
	slot     int32 // 0 for a projection

	counted bool   // and not forgotten yet
	over    bool   // something was stored: it is no start any more
	alone   bool   // others before it ended with their process
	told    bool   // that it is given up
	free    func() // gives the turn; nil: it is not ours
}

// givenUpError means that something is not folded anew any more.
type givenUpError struct {
	consumer string
	starts   int32
	position int64
}

// Error implements error: it tells an operator what to do.
func (e *givenUpError) Error() string {
	return fmt.Sprintf("folding %s anew is given up: the last %d processes that began with it ended at the events after position %d, "+
		"before they stored any. Mend its handler: a program that has another begins by itself; this one does when it is rebuilt again", e.consumer, e.starts, e.position)
}

func isGivenUp(err error) bool {
	_, is := errors.AsType[*givenUpError](err)
	return is
}

// check fails with a givenUpError when too many others began. It says how many did.
func (s *start) check(ctx context.Context, sql *enginedb.Queries) (starts int32, err error) {
	program, err := s.e.program()
	if err != nil {
		return 0, err
	}
	found, err := sql.RefoldFind(ctx, enginedb.RefoldFindParams{Consumer: s.consumer, Slot: s.slot, Program: program, Process: s.e.id})
	if err == nil && found.Starts >= startsMost {
		err = &givenUpError{s.consumer, found.Starts, found.Position}
	}
	return found.Starts, err
}

// begin is called before each page. It counts the start, once.
func (s *start) begin(ctx context.Context, sql *enginedb.Queries) error {
	if s.over {
		return nil
	}
	if !s.counted {
		before, err := s.check(ctx, sql)
		if err != nil {
			return err
		}
		s.alone = before > 0
	}
	if s.alone && s.free == nil {
		free, err := s.e.dangerous(ctx)
		if err != nil {
			return err
		}
		s.free = free
	}
	if s.counted {
		return nil
	}
	program, err := s.e.program()
	if err != nil {
		return err
	}
	err = sql.RefoldBegin(ctx, enginedb.RefoldBeginParams{Consumer: s.consumer, Slot: s.slot, Program: program, Process: s.e.id})
	s.counted = err == nil
	return err
}

// forget is what a page's transaction does about the start.
func (s *start) forget() (sql string, args []any, needed bool) {
	return enginedb.RefoldEnd, []any{s.consumer, s.slot}, s.counted
}

// stored is called after the commit of a page.
func (s *start) stored() {
	s.counted, s.over = false, true
	s.rest()
}

// rest lets others have their turn.
func (s *start) rest() {
	if s.free != nil {
		s.free()
		s.free = nil
	}
}

// leave is called when folding ends, however it does: the process has not.
func (s *start) leave(ctx context.Context) {
	s.rest()
	if !s.counted {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := s.e.sql.RefoldEnd(ctx, enginedb.RefoldEndParams{Consumer: s.consumer, Slot: s.slot}); err != nil {
		s.e.log.Warn("a start that came to nothing stays counted", "consumer", s.consumer, "error", err)
		return
	}
	s.counted = false
}
