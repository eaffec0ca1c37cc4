package postgres

import (
	"maps"
	"math/bits"
	"sync"
)

// meter counts what this process does, for whoever watches.
type meter struct {
	mu      sync.Mutex
	retries map[string]int64
	batches Histogram
}

// Histogram counts sizes. Buckets[i] counts those of at most 2^i and more than
// half of it; the last bucket has all larger ones as well.
type Histogram struct {
	Count, Sum int64
	Buckets    [batchBuckets]int64
}

// batchBuckets covers 1 to mostAppends.
const batchBuckets = 9

func newMeter() *meter { return &meter{retries: map[string]int64{}} }

// retried counts a message whose handling failed and is tried again.
func (m *meter) retried(consumer string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.retries[consumer]++
}

// stored counts a transaction of the sequencer, by its appends.
func (m *meter) stored(appends int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.batches.Count++
	m.batches.Sum += int64(appends)
	m.batches.Buckets[min(bits.Len(uint(max(appends, 1)-1)), batchBuckets-1)]++
}

func (m *meter) read() (retries map[string]int64, batches Histogram) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.retries), m.batches
}
