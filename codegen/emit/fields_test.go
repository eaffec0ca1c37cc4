package emit

import (
	"encoding/json"
	"testing"

	"github.com/backstory-go/backstory/codegen/model"
)

func TestFormBound(t *testing.T) {
	number := func(text string) *json.Number {
		if text == "" {
			return nil
		}
		n := json.Number(text)
		return &n
	}
	tests := map[string]struct {
		kind                 model.Kind
		inclusive, exclusive string
		inward               int64
		want                 string
	}{
		"none":                        {model.Integer, "", "", 1, ""},
		"inclusive":                   {model.Integer, "3", "", 1, "3"},
		"exclusive least":             {model.Integer, "", "3", 1, "4"},
		"exclusive most":              {model.Integer, "", "3", -1, "2"},
		"the nearer of two least":     {model.Integer, "9", "3", 1, "9"},
		"the nearer of two most":      {model.Integer, "9", "3", -1, "2"},
		"a number's exclusive bound":  {model.Number, "", "0.5", 1, ""},
		"a number's inclusive bound":  {model.Number, "0.5", "0.2", 1, "0.5"},
		"an exclusive that is no int": {model.Integer, "1", "1e30", 1, "1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := formBound(&model.Type{Kind: test.kind}, number(test.inclusive), number(test.exclusive), test.inward)
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
