package errdoc_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/backstory-go/backstory/codegen/errdoc"
	"github.com/backstory-go/backstory/codegen/internal/golden"
	"github.com/backstory-go/backstory/codegen/lint"
	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

func codes() []source.Code {
	return []source.Code{
		{ID: "BS2001", Name: "event that nobody hears", Explanation: "Nobody hears it.", Remedy: "Delete it."},
		{ID: "BS1101", Name: "file in no known place", Explanation: "The path says what it is.", Remedy: "Move it to <context>/<component>/… as x_y *says*."},
		{ID: "BS7701", Name: "of a group without a title"},
		{ID: "BS1101", Name: "the same once more"},
	}
}

func TestErrors(t *testing.T) {
	golden.Check(t, "testdata/errors.md", string(errdoc.Errors(codes())))
}

func TestErrorsExplainsEveryCodeWhateverTheOrder(t *testing.T) {
	all := slices.Concat(model.Codes(), lint.Codes())
	page := errdoc.Errors(all)
	for _, code := range all {
		if strings.Count(string(page), `<a id="`+strings.ToLower(code.ID)+`">`) != 1 {
			t.Errorf("%s has not exactly one anchor", code.ID)
		}
		if code.Name == "" || code.Explanation == "" || code.Remedy == "" {
			t.Errorf("%s is not explained", code.ID)
		}
	}
	slices.Reverse(all)
	if !bytes.Equal(page, errdoc.Errors(all)) {
		t.Error("the page depends on the order of the codes")
	}
}
