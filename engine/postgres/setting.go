package postgres

import (
	"context"
	"fmt"

	"github.com/backstory-go/backstory/engine/postgres/enginedb"
)

// Setting returns the value that this database keeps under the name. The first
// caller's initial value is stored; everyone after it, in any process, gets that.
func (e *Engine) Setting(ctx context.Context, name string, initial []byte) ([]byte, error) {
	if err := e.sql.SettingInsert(ctx, enginedb.SettingInsertParams{Name: name, Value: initial}); err != nil {
		return nil, fmt.Errorf("setting %s: %w", name, err)
	}
	value, err := e.sql.SettingGet(ctx, enginedb.SettingGetParams{Name: name})
	if err != nil {
		return nil, fmt.Errorf("setting %s: %w", name, err)
	}
	return value, nil
}
