package catalog

import (
	"testing"

	"github.com/backstory-go/backstory/codegen/model"
)

func TestTypesOfOneNameAreToldApart(t *testing.T) {
	p := newBook(&model.System{}).open("a/b/README.md", "schemas", "B")
	own := &model.Named{GoName: "Line", Package: "generated/a/b", Object: &model.Object{}}
	other := &model.Named{GoName: "Line", Package: "generated/a/types", Object: &model.Object{}}
	if first, second, again := p.named(own), p.named(other), p.named(own); first != "[Line](#type-line)" || second != "[Line of a types](#type-line-of-a-types)" || again != first {
		t.Errorf("got %s, %s, %s", first, second, again)
	}
}

func TestInline(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"plain", "Adds an item.", "Adds an item."},
		{"lines", "one\n two", "one two"},
		{"a bar", `a | b \| c`, `a &#124; b \\&#124; c`},
		{"a link", "[x](javascript:y)", `\[x\](javascript:y)`},
		{"HTML", "<b>&lt;</b>", "&lt;b&gt;&amp;lt;&lt;/b&gt;"},
		{"emphasis", "*a* _b_ ~~c~~ `d` $e$", "\\*a\\* \\_b\\_ \\~\\~c\\~\\~ \\`d\\` \\$e\\$"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := inline(tt.text); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestBlock(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"paragraphs", "One.\n\n\n  Two,\nstill two.", "One.\n\nTwo, still two.\n"},
		{"a list", "- x", "\\- x\n"},
		{"a numbered list", "10. x", "10\\. x\n"},
		{"a heading", "# x", "\\# x\n"},
		{"a fence", "```\nx\n```", "\\`\\`\\` x \\`\\`\\`\n"},
		{"a line", "---", "\\---\n"},
		{"nothing", " \n ", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := block(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCode(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"plain", `^[a-z]\d*$`, "`^[a-z]\\d*$`"},
		{"a backtick", "a`b", "<code>a&#96;b</code>"},
		{"a bar after a backslash", `a\|<i>`, "<code>a&#92;&#124;&#60;i&#62;</code>"},
		{"a line end", "a\nb", "<code>a&#10;b</code>"},
		{"nothing", "", "<code></code>"},
		{"spaces", " a", "<code> a</code>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := code(tt.text); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestCount(t *testing.T) {
	for want, got := range map[string]string{"1 entry": count(1, "entry"), "2 entries": count(2, "entry"), "0 rows": count(0, "row")} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
