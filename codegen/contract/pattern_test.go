package contract

import (
	"strings"
	"testing"
)

// patterns pairs RE2 with the ECMAScript that matches the same.
var patterns = []struct{ name, re2, want string }{
	{"plain", `^[a-z]+(-[a-z]+)*$`, `^[a-z]+(?:-[a-z]+)*$`},
	{"count", `^[0-9]{5}$`, `^[0-9]{5}$`},
	{"at least, lazily", `a{2,}?b{1,3}`, `a{2,}?b{1,3}`},
	{"folding", `(?i)k1`, `[Kk\u212a]1`},
	{"end of text", `\Aa\z`, `^a$`},
	{"lines", `(?m)^a$`, `(?:^|(?<=\n))a(?:$|(?=\n))`},
	{"dot", `a.b`, `a[^\n]b`},
	{"dot with line ends", `(?s)a.b`, `a[\s\S]b`},
	{"class of POSIX", `[[:digit:]x]`, `[0-9x]`},
	{"named group", `(?P<year>\d{4})`, `(?:[0-9]{4})`},
	{"what a class leaves out", `[^"\n]`, `[^\n"]`},
	{"choice in a sequence", `a(?:b|cd)e`, `a(?:b|cd)e`},
	{"special characters", `\^\$\.\*\/\{\-`, `\^\$\.\*\/\{-`},
	{"special characters of a class", `[\]^\-(|/]`, `[\(\-\/\]\^\|]`},
	{"beyond the first plane", `\x{1F600}\x{10FFFF}`, `\u{1f600}\u{10ffff}`},
	{"invisible", "\u00a0\t", `\u00a0\t`},
	{"nothing", `a||b`, `a|(?:)|b`},
	{"word", `\bword\B`, `\bword\B`},
}

func TestPatternsAreTranslated(t *testing.T) {
	for _, tt := range patterns {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ecmaScript(tt.re2)
			if err != nil || got != tt.want {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
	if _, err := ecmaScript("("); err == nil || !strings.Contains(err.Error(), `"("`) {
		t.Errorf("got %v", err)
	}
}
