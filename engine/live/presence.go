package live

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// PresenceConfig says how a Presence works.
type PresenceConfig struct {
	Hub   *engine.Hub  // required
	Notes engine.Notes // to the app's other processes; nil: each knows only who is with itself

	Most   int           // names told of a place; 0: 12. Who comes later is told as "more", which keeps crowds cheap
	Linger time.Duration // how long somebody whose last tab went away still counts, so that walking from page to page is not seen; 0: 2 s
	Beat   time.Duration // between what processes tell each other unasked; one that is silent for three beats is forgotten at the next; 0: 15 s
}

// Validate joins everything that is wrong with the configuration.
func (c PresenceConfig) Validate() error {
	var faults []error
	if c.Hub == nil {
		faults = append(faults, errors.New("live: the presence's Hub is missing"))
	}
	if c.Most < 0 || c.Linger < 0 || c.Beat < 0 {
		faults = append(faults, fmt.Errorf("live: Most %d, Linger %s and Beat %s may not be negative", c.Most, c.Linger, c.Beat))
	}
	return errors.Join(faults...)
}

// Presence knows who has which place open. A place is any text that a program
// chooses, usually a stream's name. It keeps nothing beyond the process: who is
// there is known again from the tabs that are open.
//
// Whoever shows a place's crowd subscribes to Topic; pages of a Server with Place do
// so by themselves. It is published when what At answers has changed, and not when
// a crowd larger than Most grows further. Its methods may be called at the same
// time from anywhere.
type Presence struct {
	cfg PresenceConfig

	mu     sync.Mutex
	own    map[string]*crowd               // by place
	others map[uuid.UUID]map[string]absent // by process and place
}

// crowd is who is at a place with this process.
type crowd struct {
	tabs  map[string]int // by name; lingering ones count
	order []string       // names as they came
}

// absent is a crowd elsewhere, as it was told last.
type absent struct {
	told
	at time.Time
}

// told is what of a crowd is told.
type told struct {
	Names []string `json:"names"`
	More  bool     `json:"more,omitzero"`
}

// NewPresence makes a Presence. It returns what PresenceConfig.Validate finds.
func NewPresence(cfg PresenceConfig) (*Presence, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Most = cmp.Or(cfg.Most, 12)
	cfg.Linger = cmp.Or(cfg.Linger, 2*time.Second)
	cfg.Beat = cmp.Or(cfg.Beat, 15*time.Second)
	return &Presence{cfg: cfg, own: map[string]*crowd{}, others: map[uuid.UUID]map[string]absent{}}, nil
}

// presenceTopic begins the topics of crowds, in the hub and among notes.
const presenceTopic = "presence "

// Topic is published when the crowd at a place changes.
func (p *Presence) Topic(place string) string { return presenceTopic + place }

// At lists who is at a place, each once, by name: at most Most of them. more: there
// are others.
func (p *Presence) At(place string) (names []string, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.told(place)
	names, more = t.Names, t.More
	for _, places := range p.others {
		a := places[place] // of one that is silent until Run forgets it
		names, more = append(names, a.Names...), more || a.More
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > p.cfg.Most {
		names, more = names[:p.cfg.Most], true
	}
	return names, more
}

// told is the crowd here as others hear of it. The caller holds the lock.
func (p *Presence) told(place string) told {
	c := p.own[place]
	if c == nil {
		return told{}
	}
	n := min(len(c.order), p.cfg.Most)
	return told{Names: slices.Clone(c.order[:n]), More: len(c.order) > n}
}

// Enter counts a tab of somebody at a place until leave is called, once, and a
// little longer.
func (p *Presence) Enter(place, name string) (leave func()) {
	p.change(place, func(c *crowd) {
		if c.tabs[name]++; c.tabs[name] == 1 {
			c.order = append(c.order, name)
		}
	})
	return func() {
		time.AfterFunc(p.cfg.Linger, func() {
			p.change(place, func(c *crowd) {
				if c.tabs[name]--; c.tabs[name] == 0 {
					delete(c.tabs, name)
					c.order = slices.DeleteFunc(c.order, func(n string) bool { return n == name })
				}
			})
		})
	}
}

// change changes a crowd here, and tells who wants to know when it shows.
func (p *Presence) change(place string, do func(c *crowd)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.told(place)
	c := p.own[place]
	if c == nil {
		c = &crowd{tabs: map[string]int{}}
		p.own[place] = c
	}
	do(c)
	if len(c.order) == 0 {
		delete(p.own, place)
	}
	if after := p.told(place); after.More != before.More || !slices.Equal(after.Names, before.Names) {
		p.tell(place)
		p.cfg.Hub.Publish(p.Topic(place))
	}
}

// tell tells the other processes of the crowd here. The caller holds the lock, so
// that what is told last is what is true.
func (p *Presence) tell(place string) {
	if p.cfg.Notes == nil {
		return
	}
	for t := p.told(place); ; t.Names, t.More = t.Names[:len(t.Names)-1], true {
		text, err := json.Marshal(t)
		if err == nil && len(text)+len(p.Topic(place)) <= engine.MaxNote {
			p.cfg.Notes.TellNote(p.Topic(place), string(text))
			return
		}
		if len(t.Names) == 0 { // the place's own name is too long to be told of
			return
		}
	}
}

// hear takes in what another process tells.
func (p *Presence) hear(from uuid.UUID, topic, text string) {
	place, ok := strings.CutPrefix(topic, presenceTopic)
	if topic == helloTopic {
		p.tellAll()
	}
	var t told
	if !ok || json.Unmarshal([]byte(text), &t) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.others[from][place]
	if p.others[from] == nil {
		p.others[from] = map[string]absent{}
	}
	p.others[from][place] = absent{t, time.Now()}
	if len(t.Names) == 0 && !t.More {
		delete(p.others[from], place)
	}
	if before.More != t.More || !slices.Equal(before.Names, t.Names) {
		p.cfg.Hub.Publish(topic)
	}
}
