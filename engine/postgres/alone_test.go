package postgres_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// Engines that append alone, together with others, and in sessions whose snapshots
// would be too old keep one order, and hand out each version of a stream once.
func TestAppendAlone_BesideOthers(t *testing.T) {
	t.Parallel()
	url := database(t)
	old := url + "?"
	if strings.Contains(url, "?") {
		old = url + "&"
	}
	const each = 40
	var group sync.WaitGroup
	for _, by := range []struct {
		url string
		tag []string
	}{{url, nil}, {url, nil}, {url, []string{"goes:with others"}}, {old + "default_transaction_isolation=repeatable%20read", nil}} {
		e := openEngine(t, postgres.Config{URL: by.url})
		defer e.Close()
		group.Go(func() {
			version := int64(0)
			for range each {
				a := appendOf("shared", version, 1)
				a.Events[0].Tags = by.tag
				stored, err := e.Append(within(t), a)
				for errors.Is(err, engine.ErrConflict) && stored.Version > a.Expected {
					a.Expected = stored.Version
					stored, err = e.Append(within(t), a)
				}
				if err != nil || stored.Version != a.Expected+1 || stored.Position < stored.Version || stored.At.IsZero() {
					t.Errorf("after %d: %+v, %v", a.Expected, stored, err)
					return
				}
				version = stored.Version
			}
		})
	}
	group.Wait()
	if n := one[int64](t, url, `SELECT max(version) FROM backstory.events`); n != 4*each {
		t.Errorf("%d versions, want %d", n, 4*each)
	}
	checkLog(t, url)
}
