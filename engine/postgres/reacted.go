package postgres

import (
	"context"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// reacted is what the reactions to some messages sent and folded.
type reacted struct {
	h       *reacting
	strands []*strand
}

func (w *reacted) faults() []*failure {
	var list []*failure
	for _, l := range w.strands {
		if l.fault != nil {
			list = append(list, l.fault)
		}
	}
	return list
}

func (w *reacted) apart() bool { return false }

func (w *reacted) write(_ context.Context, t *trips) ([]*failure, error) {
	p := enginedb.ReactorPutParams{Reactor: w.h.c.name, Hash: w.h.c.hash}
	for _, l := range w.strands {
		queueSent(t.batch, l.sent)
		if !l.folded {
			continue
		}
		if err := w.h.encode(l); err != nil {
			return nil, err
		}
		p.Keys, p.Positions, p.States = append(p.Keys, l.key), append(p.Positions, l.state.position), append(p.States, l.data)
	}
	if len(p.Keys) > 0 {
		t.batch.Queue(enginedb.ReactorPut, p.Reactor, p.Keys, p.Positions, p.Hash, p.States)
	}
	return nil, nil
}

func (w *reacted) stored() {
	for _, l := range w.strands {
		if len(l.sent) > 0 {
			w.h.e.onSubmitted()
			return
		}
	}
}
