package postgres

import (
	"testing"
	"time"
)

// The mark follows what was read: never sooner than a late commit may come, never
// past what was read; and now and then all is looked at.
func TestWatermark_FollowsWhatWasRead(t *testing.T) {
	var m watermark
	now := time.Now()
	if low := m.at(now); low != 0 {
		t.Errorf("at first it is %d", low)
	}
	step, seq, whole := 50*time.Millisecond, int64(0), 0
	seen := map[time.Time]int64{}
	for end := now.Add(30 * time.Second); now.Before(end); now = now.Add(step) {
		m.written = true // by whoever was writing then
		low := m.at(now)
		switch then, known := seen[now.Add(-lowTrail)]; {
		case low == 0:
			whole++
		case known && low > then:
			t.Fatalf("after %s it is %d, and a second ago %d were read", now, low, then)
		case low < seen[now.Add(-3*lowTrail)]:
			t.Fatalf("it is at %d, and three seconds ago %d were read", low, seen[now.Add(-3*lowTrail)])
		}
		seq += 100
		m.saw(seq)
		seen[now] = seq
	}
	if sweeps := int(30*time.Second/lowSweep) + int(2*lowTrail/step); whole < int(30*time.Second/lowSweep) || whole > sweeps {
		t.Errorf("all is looked at %d times in 30 s, want %d at most", whole, sweeps)
	}
	m.reset()
	if low := m.at(now); low != 0 {
		t.Errorf("after other slots are taken it is %d", low)
	}
}
