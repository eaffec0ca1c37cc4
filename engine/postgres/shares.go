package postgres

import (
	"context"
	"slices"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// able are the consumers that this process has with the recorded definition.
func (d *duty) able(shares []enginedb.ConsumerSharesRow) []enginedb.ConsumerSharesRow {
	return filter(shares, func(s enginedb.ConsumerSharesRow) bool { return slices.Contains(d.idents, s.Name+" "+s.Hash) })
}

// even takes free slots up to this process's share, and chooses which to give up
// above it: the inbox's slots and those of the log's consumers, each on their own.
func (d *duty) even(ctx context.Context, owned []enginedb.SlotOwnedRow, able []enginedb.ConsumerSharesRow) ([]enginedb.SlotOwnedRow, map[string]deaths, error) {
	commands := func(name string) bool { return name == consumerCommands }
	others := func(name string) bool { return name != consumerCommands }
	died := map[string]deaths{}
	wanted, err := d.share(ctx, owned, able, commands, died)
	if err != nil {
		return owned, died, err
	}
	more, err := d.share(ctx, owned, able, others, died)
	return append(wanted, more...), died, err
}

// share is one part of even. A process's fair share of each consumer is the same
// as that of every other living process that can run it.
func (d *duty) share(ctx context.Context, owned []enginedb.SlotOwnedRow, able []enginedb.ConsumerSharesRow, of func(string) bool, died map[string]deaths) ([]enginedb.SlotOwnedRow, error) {
	mine := filter(owned, func(s enginedb.SlotOwnedRow) bool { return of(s.Consumer) })
	exact := 0.0
	var idents []string
	for _, s := range able {
		if of(s.Name) {
			exact += float64(s.Slots) / float64(max(s.Alive, 1))
			idents = append(idents, s.Name+" "+s.Hash)
		}
	}
	fair := int(exact + 0.999)
	if len(mine) >= fair || len(idents) == 0 {
		return mine[:min(len(mine), fair)], nil
	}
	stolen, err := d.e.sql.SlotSteal(ctx, enginedb.SlotStealParams{Owner: d.e.id, Counts: !d.slept, Consumers: idents, Most: int32(fair - len(mine))})
	for _, s := range stolen {
		mine = append(mine, enginedb.SlotOwnedRow{Consumer: s.Consumer, Slot: s.Slot, Fence: s.Fence, Position: s.Position})
		if s.Deaths > 0 || s.Died {
			if died[s.Consumer] == nil {
				died[s.Consumer] = deaths{}
			}
			died[s.Consumer][s.Slot] = int(s.Deaths)
		}
	}
	return mine, err
}

// assign lets the loops work on what this process is to own. A runner gives back
// what it is not to own any more when it has finished what it has in hand.
func (d *duty) assign(ctx context.Context, wanted []enginedb.SlotOwnedRow, died map[string]deaths, shares []enginedb.ConsumerSharesRow) {
	var slots []int32
	posts := map[string][]enginedb.SlotOwnedRow{}
	for _, s := range wanted {
		if s.Consumer == consumerCommands {
			slots = append(slots, s.Slot)
		} else {
			post := d.postOf(s)
			posts[post] = append(posts[post], s)
		}
	}
	slices.Sort(slots)
	for _, w := range d.e.workers {
		w.own(slots, died[consumerCommands])
	}
	paused := map[string]bool{}
	for _, s := range shares {
		paused[s.Name] = s.Status == statusPaused
	}
	for post, running := range d.runners {
		select {
		case <-running.ended:
			delete(d.runners, post)
		default:
			if len(posts[post]) == 0 {
				running.own(nil, false, nil, paused[running.c.name])
			}
		}
	}
	for post, list := range posts {
		d.post(ctx, post, list, died[list[0].Consumer], paused[list[0].Consumer])
	}
}
