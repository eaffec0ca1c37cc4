package postgres_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine/postgres"
)

// Ids travel to the database and back as they are, alone, in arrays and absent.
func TestIDs_ThroughTheDatabase_AsTheyAre(t *testing.T) {
	t.Parallel()
	e := openEngine(t, postgres.Config{URL: database(t)})
	defer e.Close()
	ctx := within(t)
	a, b := uuid.New(), uuid.Must(uuid.NewV7())
	var one, zero uuid.UUID
	var absent, there *uuid.UUID
	var text string
	err := e.DB().QueryRow(ctx, "SELECT $1::uuid, $2::uuid, $3::uuid, $4::uuid, $1::uuid::text", a, uuid.Nil, (*uuid.UUID)(nil), &b).
		Scan(&one, &zero, &absent, &there, &text)
	if err != nil || one != a || zero != uuid.Nil || absent != nil || there == nil || *there != b || text != a.String() {
		t.Errorf("%v: got %s, %s, %v, %v, %s", err, one, zero, absent, there, text)
	}
	for name, ids := range map[string][]uuid.UUID{"none": {}, "one": {a}, "some": {a, uuid.Nil, b, a}} {
		var got []uuid.UUID
		var count int
		err := e.DB().QueryRow(ctx, "SELECT $1::uuid[], cardinality($1::uuid[])", ids).Scan(&got, &count)
		if err != nil || !slices.Equal(got, ids) || count != len(ids) {
			t.Errorf("%s: %v: got %v (%d), want %v", name, err, got, count, ids)
		}
	}
	var null bool
	if err := e.DB().QueryRow(ctx, "SELECT $1::uuid[] IS NULL", []uuid.UUID(nil)).Scan(&null); err != nil || !null {
		t.Errorf("nil: %v, %t", err, null)
	}
}
