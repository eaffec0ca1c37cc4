package live

import (
	"context"
	"maps"
	"slices"
	"time"
)

// helloTopic asks the other processes to tell of their crowds at once.
const helloTopic = "presence?"

// Run keeps the processes informed of each other until ctx ends; then it returns
// nil. Without Notes it does nothing else than wait.
func (p *Presence) Run(ctx context.Context) error {
	if p.cfg.Notes == nil {
		<-ctx.Done()
		return nil
	}
	defer p.cfg.Notes.HearNotes(p.hear)()
	p.cfg.Notes.TellNote(helloTopic, "")
	beat := time.NewTicker(p.cfg.Beat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
			p.tellAll()
			p.forget()
		}
	}
}

// tellAll tells of every crowd here.
func (p *Presence) tellAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, place := range slices.Sorted(maps.Keys(p.own)) {
		p.tell(place)
	}
}

// forget drops what processes told that are silent by now.
func (p *Presence) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for process, places := range p.others {
		for place, a := range places {
			if time.Since(a.at) >= 3*p.cfg.Beat {
				delete(places, place)
				p.cfg.Hub.Publish(p.Topic(place))
			}
		}
		if len(places) == 0 {
			delete(p.others, process)
		}
	}
}
