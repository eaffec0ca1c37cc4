package postgres_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// A deposit and the note in the ledger that follows from it are stored together with a row
// of a table that is not Backstory's, or not at all.
func ExampleEngine_RunUnit() {
	transfer := func(ctx context.Context, e *postgres.Engine, id uuid.UUID) error {
		outcomes, err := e.RunUnit(ctx, engine.Unit{
			Submissions: []engine.Submission{{ID: id, Type: "bank.account.deposit", StreamID: "ada", Data: []byte(`{"Amount":5}`), By: "ada"}},
			Inside:      []string{"bank.account", "bank.ledger"}, // the account's reaction notes it in the ledger
			Do: func(ctx context.Context, db engine.DBTX) error {
				_, err := db.Exec(ctx, `INSERT INTO receipts (id) VALUES ($1)`, id)
				return err
			},
		})
		if refused, ok := errors.AsType[*engine.UnitRefusedError](err); ok {
			return fmt.Errorf("nothing was stored: %s", refused.Outcome.Refusal.Message)
		}
		if err != nil {
			return err
		}
		for _, o := range outcomes {
			fmt.Println(o.Type, o.Status)
		}
		return nil
	}
	_ = transfer // it needs a database
}
