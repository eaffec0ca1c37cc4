package postgres

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// heads are the last events of streams as they stood when the log ended at a place.
// Under the order lock they need not be asked for while it still ends there: positions
// are dense and ids unique, so that nothing was stored since then, by whomever, and no
// other log is looked at. When it does not, they are forgotten.
//
// Only the goroutine that flushes the sequencer's queue uses them.
type heads struct {
	most       int // streams; as many again are on their way to be forgotten
	end        place
	young, old map[string]streamHead
	wary       int // flights that ask all the same: see doubt
}

// waryFor is how many flights ask after one that relied on too much.
const waryFor = 64

func newHeads(most int) *heads { return &heads{most: most, young: map[string]streamHead{}} }

// of says whether they are those of a log that ends there.
func (h *heads) of(end place) bool { return end.position > 0 && end == h.end }

func (h *heads) get(stream string) (streamHead, bool) {
	head, known := h.young[stream]
	if known {
		return head, true
	}
	if head, known = h.old[stream]; known {
		h.put(stream, head)
	}
	return head, known
}

func (h *heads) put(stream string, head streamHead) {
	if len(h.young) >= h.most {
		h.young, h.old = make(map[string]streamHead, h.most), h.young
	}
	h.young[stream] = head
}

// follow takes in what a stored flight read and added.
func (h *heads) follow(f *flight) {
	if !h.of(f.end) {
		h.young, h.old = map[string]streamHead{}, nil // clearing a large one takes as long as filling it
	}
	for stream, head := range f.streams {
		h.put(stream, head)
	}
	h.end = f.end
	if n := len(f.records); n > 0 {
		h.end = place{f.records[n-1].Meta.Position, f.records[n-1].Meta.ID}
	}
}

// doubt lets some flights ask for what they are judged by: one that did not could
// not be stored, and somebody who is in the way rarely is once.
func (h *heads) doubt() { h.wary = waryFor }

// trusting says whether a flight may do without asking.
func (h *heads) trusting() bool {
	if h.wary == 0 {
		return true
	}
	h.wary--
	return false
}

// recall takes the heads of entries' streams from memory, if they are known.
func (f *flight) recall(entries []*entry) {
	if !f.heads.of(f.end) {
		return
	}
	for _, e := range entries {
		if _, known := f.streams[e.name]; known {
			continue
		}
		if head, known := f.heads.get(e.name); known {
			f.streams[e.name] = head
		}
	}
}

// isPlain says whether an entry can be judged by its stream's head alone, which is
// known. What else must not be is left to the transaction to refuse: an outcome of
// the command by its key, and the rest by InboxClear.
func (f *flight) isPlain(e *entry) bool {
	_, known := f.streams[e.name]
	return known && (e.command == nil || e.direct) && !e.unsure && len(e.forbids) == 0 && !f.settlers.by(e)
}

// queueClear fails the transaction when an entry that was judged plainly has a rival
// in the inbox. Those that the batch decides are not there any more.
func (f *flight) queueClear(b *pgx.Batch) {
	var ids []uuid.UUID
	var streams []string
	for _, e := range f.plainly {
		if e.direct {
			ids, streams = append(ids, e.command.ID), append(streams, e.name)
		}
	}
	if len(ids) > 0 {
		b.Queue(enginedb.InboxClear, ids, streams)
	}
}
