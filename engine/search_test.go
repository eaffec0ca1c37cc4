package engine_test

import (
	"fmt"
	"testing"

	"github.com/backstory-go/backstory/engine"
)

func ExampleSearchTerms() {
	fmt.Println(engine.SearchWords("Äpfel & Birnen (2 kg), example.com"))
	fmt.Println(engine.SearchTerms("bir APF"))
	// Output:
	// apfel birnen 2 kg example com
	// bir:* & apf:*
}

func TestSearchTerms(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"nothing":           {"", ""},
		"no words":          {" &|!()<->':*\\ ", ""},
		"operators":         {"a&b | !c:*", "a:* & b:* & c:*"},
		"quotes":            {"Ada's \"list\"", "ada:* & s:* & list:*"},
		"accents apart":     {"Cafe\u0301", "cafe:*"},
		"sharp s":           {"Straße", "strasse:*"},
		"full width":        {"ＡＢＣ１", "abc1:*"},
		"without spaces":    {"買い物2", "買:* & い:* & 物:* & 2:*"},
		"bytes that are no": {"a\xffb\x00c", "a:* & b:* & c:*"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := engine.SearchTerms(test.text); got != test.want {
				t.Errorf("%q gives %q, want %q", test.text, got, test.want)
			}
		})
	}
}
