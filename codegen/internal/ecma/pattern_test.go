package ecma

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"regexp"
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
			got, err := Pattern(tt.re2)
			if err != nil || got != tt.want {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
	if _, err := Pattern("("); err == nil || !strings.Contains(err.Error(), `"("`) {
		t.Errorf("got %v", err)
	}
}

// more are patterns whose translation is checked by running it only.
var more = []string{
	`^\p{L}+$`, `\P{Greek}`, `(?i)straße|ſ`, `(?i)[k-m]+$`, `[^a-z]`, `[\d\-\x00-\x1f]`, `^[[:^alpha:]]*$`, `(?s)^.$`, `^.$`, `(?m)^b?$`,
	`(?:^a|b$){1,2}`, `(^)*a`, `(?:)+`, `a{0}b`, `(a|b|)c`, `[&&]`, `[!-/:-@]`, `[\[\]]`, `\Ba`, `\s\w\W\S`, `\S`, `[^\x00-\x{10FFFF}]`, `x*?y+?$`, `(?U)a+b`, `\Q.*\E`, `[\w.~]{2}`,
}

var texts = []string{"", "a", "b", "ab", "abc", "a\nb", "b\n", "\n", "\r", "a\rb", "\u2028", "\u00a0", "\ufeff", " ", "\t", "\v", "K", "k", "\u212a", "k1", "STRASSE", "straße", "ſ", "S", "ß",
	"äöü", "Ω", "ω", "😀", "a😀b", "𐐷", "\x00", "\x7f", "-", "&", "&&", "!", "/", "[", "]", "^", "|", "{", "}", ".*", "..", "12", "12345", "word", "words", "a word b", "x-y", "yx", "xy", "+", "~."}

// TestTranslationsMatchTheSame runs both on the same texts.
func TestTranslationsMatchTheSame(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("install node to run the translations")
	}
	all := append([]string{}, more...)
	for _, p := range patterns {
		all = append(all, p.re2)
	}
	translated := make([]string, len(all))
	for i, p := range all {
		if translated[i], err = Pattern(p); err != nil {
			t.Fatal(err)
		}
	}
	input, err := json.Marshal(map[string][]string{"patterns": translated, "texts": texts})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "-e", `const q = JSON.parse(require("fs").readFileSync(0));
console.log(JSON.stringify(["u", "v"].map(f => q.patterns.map(p => { const re = new RegExp(p, f); return q.texts.map(t => re.test(t)) }))))`)
	cmd.Stdin = bytes.NewReader(input)
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	var got [2][][]bool
	if err := json.Unmarshal(output, &got); err != nil {
		t.Fatal(err)
	}
	for i, p := range all {
		re := regexp.MustCompile(p)
		for j, text := range texts {
			if want := re.MatchString(text); got[0][i][j] != want || got[1][i][j] != want {
				t.Errorf("%s matches %q: %t, but %s: %t with u, %t with v", p, text, want, translated[i], got[0][i][j], got[1][i][j])
			}
		}
	}
}
