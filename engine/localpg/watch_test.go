package localpg

import (
	"context"
	"testing"
)

func TestWatch_BringsAKilledServerBack(t *testing.T) {
	t.Parallel()
	s := start(t, Config{Dir: warmDir(t), Durable: true})
	query(t, s.URL(""), remember)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Watch(ctx) }()

	dead := s.PID()
	must(t, s.Kill())
	eventually(t, "another server runs", func() bool { return s.PID() != dead && isServer(s.PID(), s.DataDir()) })
	equal(t, "the row", query(t, s.URL(""), recall), "kept")
	stop()
	must(t, <-ended)
}
