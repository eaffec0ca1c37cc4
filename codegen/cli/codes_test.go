package cli_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/backstory-go/backstory/codegen/cli"
	"github.com/backstory-go/backstory/codegen/errdoc"
)

var update = flag.Bool("update", false, "write the page anew")

func TestThePageOfErrorsIsTrue(t *testing.T) {
	const page = "../../docs/errors.md"
	want := errdoc.Errors(cli.Codes())
	if *update {
		if err := os.WriteFile(page, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the codes say; run: go test ./codegen/cli -update", page)
	}
}
