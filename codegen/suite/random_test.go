package suite

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
)

var (
	schemaCount = flag.Int("schemas", 60, "how many random schemas to try")
	schemaSeed  = flag.Uint64("seed", 1, "where the random schemas begin")
)

const (
	instancesEach = 40 // of each random schema
	eventsPerUnit = 25 // so that there are few Go packages
)

// TestRandomSchemas puts random schemas of the profile through the compiler. It
// refuses none; the generated decoders judge random instances as the reference
// implementation does, and what they accept they write again unchanged.
func TestRandomSchemas(t *testing.T) {
	m := newModule(t)
	var checks []check
	accepted := 0
	for first := 0; first < *schemaCount; first += eventsPerUnit {
		u := unit{fmt.Sprintf("r%d", first/eventsPerUnit), map[string]any{}, newSchemas(*schemaSeed+2, first).state()}
		for i := first; i < min(first+eventsPerUnit, *schemaCount); i++ {
			name := fmt.Sprintf("e%d", i)
			event := newSchemas(*schemaSeed, i).event()
			u.events[name] = event
			checks = append(checks, instances(t, u.name+"/"+name, i, event)...)
		}
		files, faults, err := compile(u)
		if len(faults) > 0 || err != nil {
			t.Fatalf("schemas of the profile are refused: %v\n%v", err, faults.Err())
		}
		m.add(u, files)
	}
	questions := make([]question, len(checks))
	for i, c := range checks {
		questions[i] = c.question
	}
	shown := map[string]bool{}
	for i, a := range m.ask(t, questions) {
		if a.OK {
			accepted++
		}
		if err := agrees(checks[i], a); err != nil && !shown[checks[i].ID] && len(shown) < 5 {
			shown[checks[i].ID] = true
			schema, _ := json.Marshal(checks[i].schema)
			t.Errorf("seed %d, %s: %v\n%s\n%s", *schemaSeed, checks[i].ID, err, checks[i].Data, schema)
		}
	}
	if share := accepted * 100 / len(checks); share < 20 || share > 90 {
		t.Errorf("%d%% of the instances are valid: the test has lost its teeth", share)
	}
	t.Logf("%d schemas, %d instances, %d of them valid", *schemaCount, len(checks), accepted)
}

// agrees compares an answer with the right one.
func agrees(c check, a answer) error {
	switch {
	case a.OK != c.valid && !outOfRange(c.valid, a):
		return fmt.Errorf("valid is %t, the decoder says %t: %s", c.valid, a.OK, a.Fault)
	case !a.OK:
		return nil
	case a.Fault != "":
		return fmt.Errorf("it cannot be written again: %s", a.Fault)
	}
	return sameValue(c.schema, c.Data, a.Encoded)
}

// instances are random values with the verdict of the reference implementation.
func instances(t *testing.T, id string, number int, event map[string]any) []check {
	t.Helper()
	judge, err := oracle(event)
	if err != nil {
		t.Fatal(err)
	}
	v := &values{Rand: rand.New(rand.NewPCG(*schemaSeed+1, uint64(number))), root: event}
	checks := make([]check, 0, instancesEach)
	for i := range instancesEach {
		v.wild = 0
		if i%3 > 0 {
			v.wild = i % 12
		}
		data, err := json.Marshal(v.of(event))
		if err != nil {
			t.Fatal(err)
		}
		valid := judge.Validate(decodeJSON(t, data)) == nil
		checks = append(checks, check{question: question{id, string(data)}, schema: event, valid: valid})
	}
	return checks
}
