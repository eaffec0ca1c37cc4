package cli

import (
	"slices"

	"github.com/backstory-go/backstory/codegen/compat"
	"github.com/backstory-go/backstory/codegen/lint"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/plan"
	"github.com/backstory-go/backstory/codegen/source"
)

// Codes lists the code of everything that the commands can find. docs/errors.md
// explains them.
func Codes() []source.Code {
	return slices.Concat(model.Codes(), plan.Codes(), lint.Codes(), compat.Codes())
}
