package inject

import (
	"errors"
	"strings"
	"testing"
)

const (
	begin = "<!-- backstory:begin flow todos -->"
	end   = "<!-- backstory:end flow todos -->"
)

func TestReplace(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"empty block", "# a\n" + begin + "\n" + end + "\nz\n", "# a\n" + begin + "\n\nnew\n\n" + end + "\nz\n"},
		{"old body", begin + "\nold\n```mermaid\nx\n```\n" + end + "\n", begin + "\n\nnew\n\n" + end + "\n"},
		{"no final newline", begin + "\n" + end, begin + "\n\nnew\n\n" + end},
		{"CRLF", "a\r\n" + begin + "\r\nold\r\n" + end + "\r\nz\r\n", "a\r\n" + begin + "\r\n\r\nnew\r\n\r\n" + end + "\r\nz\r\n"},
		{"mixed endings outside stay", "a\r\nb\n" + begin + "\n" + end + "\nz\r\n", "a\r\nb\n" + begin + "\n\nnew\n\n" + end + "\nz\r\n"},
		{"byte order mark", "\uFEFF" + begin + "\n" + end + "\n", "\uFEFF" + begin + "\n\nnew\n\n" + end + "\n"},
		{"indented by three", "   " + begin + "\n  " + end + "\n", "   " + begin + "\n\nnew\n\n  " + end + "\n"},
		{"quoted in a fence", "```html\n" + begin + "\n" + end + "\n```\n" + begin + "\n" + end + "\n", "```html\n" + begin + "\n" + end + "\n```\n" + begin + "\n\nnew\n\n" + end + "\n"},
		{"tildes and a longer fence", "~~~~\n```\n~~~\n" + begin + "\n~~~~\n" + begin + "\n" + end + "\n", "~~~~\n```\n~~~\n" + begin + "\n~~~~\n" + begin + "\n\nnew\n\n" + end + "\n"},
		{"named in a sentence", "write `" + begin + "` there\n" + begin + "\n" + end + "\n", "write `" + begin + "` there\n" + begin + "\n\nnew\n\n" + end + "\n"},
		{"indented code", "    " + begin + "\n" + begin + "\n" + end + "\n", "    " + begin + "\n" + begin + "\n\nnew\n\n" + end + "\n"},
		{"half a fence inside", begin + "\n```mermaid\n" + end + "\nz\n", begin + "\n\nnew\n\n" + end + "\nz\n"},
		{"inline code with backticks", "```x``` y\n" + begin + "\n" + end + "\n", "```x``` y\n" + begin + "\n\nnew\n\n" + end + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Replace([]byte(tt.file), "flow todos", "new\n")
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got\n%q\nwant\n%q", got, tt.want)
			}
			again, err := Replace(got, "flow todos", "new\n")
			if err != nil || string(again) != tt.want {
				t.Errorf("the second run changed it: %q, %v", again, err)
			}
			if body, err := Body(got, "flow todos"); err != nil || body != "\nnew\n\n" {
				t.Errorf("Body = %q, %v", body, err)
			}
		})
	}
}

func TestReplaceRefuses(t *testing.T) {
	tests := []struct {
		name, file, message, remedy string
		line                        int
	}{
		{"missing", "# a\n", "are missing", begin + "\n" + end, 0},
		{"empty file", "", "are missing", begin + "\n" + end, 0},
		{"only in a fence", "```\n" + begin + "\n" + end + "\n```\n", "are missing", begin + "\n" + end, 0},
		{"no end", "a\n" + begin + "\n", "has no end", end, 2},
		{"swapped", end + "\n" + begin + "\n", "ends before it begins", begin, 1},
		{"two begins", begin + "\n" + end + "\n" + begin + "\n" + end + "\n", "begins a second time", "keep one", 3},
		{"two ends", begin + "\n" + end + "\n" + end + "\n", "ends a second time", "keep one", 3},
		{"another block inside", begin + "\n<!-- backstory:begin messages todos -->\n" + end + "\n", "stands inside the block", end, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Replace([]byte(tt.file), "flow todos", "new")
			var problem *Problem
			if !errors.As(err, &problem) {
				t.Fatalf("got %v, want a problem", err)
			}
			if problem.Line != tt.line || !strings.Contains(problem.Message, tt.message) || !strings.Contains(problem.Remedy, tt.remedy) {
				t.Errorf("got line %d, %q, %q", problem.Line, problem.Message, problem.Remedy)
			}
		})
	}
}

func TestIDs(t *testing.T) {
	ids, lines := IDs([]byte("x\n" + begin + "\n" + end + "\n<!--  backstory:begin   messages  todos -->\n"))
	if strings.Join(ids, ",") != "flow todos,messages todos" || lines[0] != 2 || lines[1] != 4 {
		t.Errorf("got %v %v", ids, lines)
	}
}

func FuzzReplace(f *testing.F) {
	f.Add("a\n" + begin + "\nb\n" + end + "\nc")
	f.Add("```\n" + begin + "\r\n" + end)
	f.Fuzz(func(t *testing.T, file string) {
		got, err := Replace([]byte(file), "flow todos", "new")
		if err != nil {
			return
		}
		again, err := Replace(got, "flow todos", "new")
		if err != nil || string(again) != string(got) {
			t.Errorf("not idempotent: %q then %q, %v", got, again, err)
		}
	})
}
