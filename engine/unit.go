package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// Unit is work that is done in one transaction, all or nothing: the caller's own
// SQL, commands, the reactions of chosen components to their events, the commands
// that these send, and so on until nothing is left.
//
// What a reaction sends to an actor that is not Inside, or for later, goes into the
// inbox in the same transaction. What a component handled in the unit its consumer
// passes by; whatever else waits there, earlier events of the same stream too, it
// handles as ever, and possibly after the unit did.
//
// A unit's commands do not queue behind those that wait in the inbox. Before it is
// stored an event has no position, and its time is the unit's; a command's time is
// the unit's, too.
type Unit struct {
	Submissions []Submission // the first commands, in order
	Inside      []string     // actors and reactors whose commands are decided and whose reactions run in the unit
	MaxSteps    int          // commands decided, the first ones included; 0: 100

	// Do is the caller's SQL: it runs first, at READ COMMITTED, and must not end the
	// transaction. It may be called again, after a rollback. nil: there is none.
	Do func(ctx context.Context, db DBTX) error
}

// unitSteps is how many commands a unit decides when nothing is said.
const unitSteps = 100

// Steps is how many commands may be decided.
func (u Unit) Steps() int {
	if u.MaxSteps == 0 {
		return unitSteps
	}
	return u.MaxSteps
}

// Validate says what is wrong with the unit by itself.
func (u Unit) Validate() error {
	if len(u.Submissions) == 0 {
		return errors.New("a unit has no command")
	}
	if u.MaxSteps < 0 {
		return fmt.Errorf("a unit of %d steps", u.MaxSteps)
	}
	seen := map[uuid.UUID]bool{}
	for _, s := range u.Submissions {
		if s.ID != uuid.Nil && seen[s.ID] {
			return fmt.Errorf("two commands of a unit have the id %s", s.ID)
		}
		seen[s.ID] = true
	}
	return nil
}

// UnitRefusedError means that a command of a unit was refused. Nothing was stored,
// the refusal neither: the same ids may be submitted again.
type UnitRefusedError struct {
	Outcome Outcome  // of the refused command; no Client tells it
	Chain   []string // types of the commands that led to it, itself last
}

// Error tells the refusal.
func (e *UnitRefusedError) Error() string {
	return fmt.Sprintf("%s was refused: %s: %s", strings.Join(e.Chain, " → "), e.Outcome.Refusal.Code, e.Outcome.Refusal.Message)
}

// UnitLoopError means that a unit did not come to an end. Nothing was stored.
type UnitLoopError struct {
	Steps int      // that were allowed
	Chain []string // types of the commands that led to the one that was too many, itself last
}

// Error shows the chain.
func (e *UnitLoopError) Error() string {
	return fmt.Sprintf("a unit did not end within %d commands: %s", e.Steps, strings.Join(e.Chain, " → "))
}
