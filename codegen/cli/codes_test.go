package cli_test

import (
	"testing"

	"github.com/backstory-go/backstory/codegen/cli"
	"github.com/backstory-go/backstory/codegen/errdoc"
	"github.com/backstory-go/backstory/codegen/internal/golden"
)

// TestThePageOfErrorsIsTrue holds docs/errors.md against the codes; -update writes it.
func TestThePageOfErrorsIsTrue(t *testing.T) {
	golden.Check(t, "../../docs/errors.md", string(errdoc.Errors(cli.Codes())))
}
