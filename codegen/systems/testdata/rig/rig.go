// Package rig runs a fixture system on PostgreSQL.
package rig

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/localpg/pgtest"
	"github.com/backstory-go/backstory/engine/postgres"
	"github.com/google/uuid"
)

// patience bounds every wait; none takes it on a healthy machine.
const patience = 30 * time.Second

// Rig is a running system.
type Rig struct {
	*postgres.Engine
	System *engine.System
	t      *testing.T
}

// Start runs a system on a database of its own until the test ends, and verifies
// the whole log then.
func Start(t *testing.T, system *engine.System) *Rig {
	t.Helper()
	if err := system.Validate(); err != nil {
		t.Fatal(err)
	}
	e, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Database(t, pgtest.Template{}), System: system})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() {
		if found, err := e.Verify(ctx, postgres.VerifyOptions{}); err != nil || len(found.Findings) > 0 {
			t.Errorf("verify: %+v, %v", found, err)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		e.Close()
	})
	return &Rig{e, system, t}
}

// Send submits a command and waits for its outcome, and for a projection to show it.
func (r *Rig) Send(id string, command engine.Command, projection string) engine.Outcome {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	data, err := json.Marshal(command)
	if err != nil {
		r.t.Fatal(err)
	}
	sent, err := r.Submit(ctx, engine.Submission{Type: command.MessageType(), StreamID: id, Data: data, By: "ann"})
	if err != nil {
		r.t.Fatalf("%s: %v", command.MessageType(), err)
	}
	outcome, err := r.Wait(ctx, sent)
	if err != nil {
		r.t.Fatalf("%s: %v", command.MessageType(), err)
	}
	if projection != "" {
		if err := r.Projected(ctx, projection, outcome.Position()); err != nil {
			r.t.Fatal(err)
		}
	}
	return outcome
}

// Accepted is Send for a command that must be accepted.
func (r *Rig) Accepted(id string, command engine.Command, projection string) engine.Outcome {
	r.t.Helper()
	outcome := r.Send(id, command, projection)
	if outcome.Status != engine.Accepted {
		r.t.Fatalf("%s: %+v %+v", command.MessageType(), outcome, outcome.Refusal)
	}
	return outcome
}

// old is an event as an earlier program stored it.
type old struct {
	typ     string
	version int
}

// MessageType implements engine.Event.
func (o old) MessageType() string { return o.typ }

// SchemaVersion implements engine.Event.
func (o old) SchemaVersion() int { return o.version }

// Stored puts an event that nobody decides any more, of an older version or a
// retired one, into a stream's log, and waits for the projection, if any.
func (r *Rig) Stored(stream engine.StreamID, typ string, version int, data string, projection string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	appended, err := r.Append(ctx, engine.Append{Stream: stream, Expected: engine.AnyVersion, Events: []engine.NewEvent{
		{ID: uuid.New(), Event: old{typ, version}, Data: json.RawMessage(data)},
	}})
	if err != nil {
		r.t.Fatal(err)
	}
	if projection == "" {
		return
	}
	if err := r.Projected(ctx, projection, appended.Position); err != nil {
		r.t.Fatal(err)
	}
}

// Followed waits until a command of this type has followed from a message, by way
// of reactions, and until its outcome is final.
func (r *Rig) Followed(message uuid.UUID, typ string) engine.Outcome {
	r.t.Helper()
	return r.until(message, typ, func(o engine.Outcome) bool { return o.Status.Final() })
}

// Planned waits until a command of this type is due later because of a message.
func (r *Rig) Planned(message uuid.UUID, typ string) engine.Outcome {
	r.t.Helper()
	return r.until(message, typ, func(o engine.Outcome) bool { return o.Status == engine.Scheduled })
}

func (r *Rig) until(message uuid.UUID, typ string, is func(engine.Outcome) bool) engine.Outcome {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	for {
		told, err := r.Conversation(ctx, message, 100)
		if err != nil {
			r.t.Fatalf("%s after %s: %v", typ, message, err)
		}
		for _, o := range told {
			if o.Type == typ && is(o) {
				return o
			}
		}
		select {
		case <-ctx.Done():
			r.t.Fatalf("no %s after %s: %+v", typ, message, told)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Goldens has the generated decoders read the golden bytes of every published
// version, old ones through their upcasters.
func Goldens(t *testing.T, system *engine.System) {
	t.Helper()
	files, err := filepath.Glob("schemas/published/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden bytes: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		dot := strings.LastIndex(name, ".v")
		version, err := strconv.Atoi(name[dot+2:])
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var instances []json.RawMessage
		if err := json.Unmarshal(data, &instances); err != nil || len(instances) == 0 {
			t.Fatalf("%s: %v", file, err)
		}
		for _, instance := range instances {
			event, err := system.Decode(name[:dot], version, instance)
			if err != nil || event.MessageType() != name[:dot] {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}
