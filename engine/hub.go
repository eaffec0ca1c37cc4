package engine

import "sync"

// Hub tells subscribers in this process that topics changed. A topic is the
// name of a stream (StreamID.String) or of a projection, or any other that the
// program itself publishes. It carries no data:
// whoever is woken reads the truth from the log or the tables. Signals coalesce,
// so a slow subscriber costs nothing and misses nothing. The zero value is ready.
type Hub struct {
	mu   sync.Mutex
	subs map[string]map[*Subscription]struct{}
}

// Subscription receives the changes of its topics until it is closed.
type Subscription struct {
	hub    *Hub
	topics []string
	signal chan struct{}
}

// Subscribe starts to listen for changes of topics. Read the truth once after
// it: what changed before is not signalled.
func (h *Hub) Subscribe(topics ...string) *Subscription {
	s := &Subscription{hub: h, topics: topics, signal: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subs == nil {
		h.subs = map[string]map[*Subscription]struct{}{}
	}
	for _, topic := range topics {
		if h.subs[topic] == nil {
			h.subs[topic] = map[*Subscription]struct{}{}
		}
		h.subs[topic][s] = struct{}{}
	}
	return s
}

// Changed yields a value after one or more of the topics changed.
func (s *Subscription) Changed() <-chan struct{} { return s.signal }

// Take says whether a change waits on Changed, and takes it from there. When
// Publish has signalled anybody of a change, it says so to everybody.
func (s *Subscription) Take() bool {
	s.hub.mu.Lock() // Publish signals all or none in the meantime
	defer s.hub.mu.Unlock()
	select {
	case <-s.signal:
		return true
	default:
		return false
	}
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	for _, topic := range s.topics {
		delete(s.hub.subs[topic], s)
		if len(s.hub.subs[topic]) == 0 {
			delete(s.hub.subs, topic)
		}
	}
}

// Publish signals every subscriber of any of the topics. It never blocks.
func (h *Hub) Publish(topics ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, topic := range topics {
		for s := range h.subs[topic] {
			s.wake()
		}
	}
}

// PublishAll signals everybody: after a reconnect nobody knows what was missed.
func (h *Hub) PublishAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, subs := range h.subs {
		for s := range subs {
			s.wake()
		}
	}
}

func (s *Subscription) wake() {
	select {
	case s.signal <- struct{}{}:
	default:
	}
}
