package live_test

import (
	"testing"

	"github.com/backstory-go/backstory/engine/localpg/pgtest"
)

// TestMain fails when a test leaves a goroutine; no test here needs a database.
func TestMain(m *testing.M) { pgtest.Main(m) }
