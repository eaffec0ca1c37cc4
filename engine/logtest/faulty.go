package logtest

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/backstory-go/backstory/engine"
)

// ErrFault is what a faulty log answers: it says nothing about what was stored.
var ErrFault = errors.New("the connection to the log was lost")

// Faults says how often which fault happens: at every n-th call; 0: never.
type Faults struct {
	Before int // nothing is done, ErrFault is answered; reads, too
	After  int // an append is made, ErrFault is answered
	Twice  int // an append is made twice at the same time, the later answer is given
	Delay  int // the call begins up to 3 ms late
}

// Faulty is a log that is reached by a bad connection.
func Faulty(log engine.Log, faults Faults) engine.Log { return &faulty{log: log, faults: faults} }

type faulty struct {
	log    engine.Log
	faults Faults
	calls  atomic.Int64
}

// begin counts a call, delays it, and fails it when it is one of those.
func (f *faulty) begin(ctx context.Context) (n int64, err error) {
	n = f.calls.Add(1)
	if due(n, f.faults.Delay) {
		timer := time.NewTimer(time.Duration(n%4) * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if due(n, f.faults.Before) {
		err = ErrFault
	}
	return n, err
}

func due(n int64, every int) bool { return every > 0 && n%int64(every) == 0 }

// Append implements engine.Log.
func (f *faulty) Append(ctx context.Context, a engine.Append) (engine.Appended, error) {
	n, err := f.begin(ctx)
	if err != nil {
		return engine.Appended{}, err
	}
	if due(n, f.faults.Twice) {
		first := make(chan struct{})
		go func() {
			defer close(first)
			_, _ = f.log.Append(ctx, a)
		}()
		defer func() { <-first }()
	}
	got, err := f.log.Append(ctx, a)
	if due(n, f.faults.After) {
		return engine.Appended{}, ErrFault
	}
	return got, err
}

// ReadLog implements engine.Log.
func (f *faulty) ReadLog(ctx context.Context, after int64, limit int) ([]engine.Recorded, error) {
	if _, err := f.begin(ctx); err != nil {
		return nil, err
	}
	return f.log.ReadLog(ctx, after, limit)
}

// ReadMatching implements engine.Log.
func (f *faulty) ReadMatching(ctx context.Context, q engine.Query, after int64, limit int) ([]engine.Recorded, error) {
	if _, err := f.begin(ctx); err != nil {
		return nil, err
	}
	return f.log.ReadMatching(ctx, q, after, limit)
}

// Head implements engine.Log.
func (f *faulty) Head(ctx context.Context) (int64, error) {
	if _, err := f.begin(ctx); err != nil {
		return 0, err
	}
	return f.log.Head(ctx)
}

// Retrying repeats what a faulty log did not answer, as the port says that
// callers may: over a log that keeps its promises, no fault is seen any more.
func Retrying(log engine.Log) engine.Log { return retrying{log} }

type retrying struct{ log engine.Log }

// again does something until it is answered.
func again[T any](ctx context.Context, do func() (T, error)) (T, error) {
	for {
		got, err := do()
		if !errors.Is(err, ErrFault) || ctx.Err() != nil {
			return got, err
		}
	}
}

// Append implements engine.Log.
func (r retrying) Append(ctx context.Context, a engine.Append) (engine.Appended, error) {
	return again(ctx, func() (engine.Appended, error) { return r.log.Append(ctx, a) })
}

// ReadLog implements engine.Log.
func (r retrying) ReadLog(ctx context.Context, after int64, limit int) ([]engine.Recorded, error) {
	return again(ctx, func() ([]engine.Recorded, error) { return r.log.ReadLog(ctx, after, limit) })
}

// ReadMatching implements engine.Log.
func (r retrying) ReadMatching(ctx context.Context, q engine.Query, after int64, limit int) ([]engine.Recorded, error) {
	return again(ctx, func() ([]engine.Recorded, error) { return r.log.ReadMatching(ctx, q, after, limit) })
}

// Head implements engine.Log.
func (r retrying) Head(ctx context.Context) (int64, error) {
	return again(ctx, func() (int64, error) { return r.log.Head(ctx) })
}
