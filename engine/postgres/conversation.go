package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Conversation implements engine.Client.
func (e *Engine) Conversation(ctx context.Context, message uuid.UUID, limit int) ([]engine.Outcome, error) {
	sql := enginedb.New(e.reads)
	found, err := sql.ConversationOf(ctx, enginedb.ConversationOfParams{ID: message})
	if err != nil {
		return nil, fault(ctx, err, "conversation of %s", message)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("conversation of %s: %w", message, engine.ErrNotFound)
	}
	ids, err := sql.ConversationCommands(ctx, enginedb.ConversationCommandsParams{Correlation: found[0], Most: int32(limit)})
	if err != nil {
		return nil, fault(ctx, err, "conversation of %s", message)
	}
	waiting, err := sql.ConversationWaiting(ctx, enginedb.ConversationWaitingParams{Correlation: found[0], Most: int32(limit)})
	if err != nil {
		return nil, fault(ctx, err, "conversation of %s", message)
	}
	list, err := findOutcomes(ctx, sql, append(ids, waiting...))
	slices.SortStableFunc(list, func(a, b engine.Outcome) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Position(), b.Position()))
	})
	return list[:min(len(list), limit)], fault(ctx, err, "conversation of %s", message)
}
