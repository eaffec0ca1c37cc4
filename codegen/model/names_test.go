package model

import (
	"go/token"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestGoName(t *testing.T) {
	for _, c := range []struct {
		in, want string
		ok       bool
	}{
		{"add_item", "AddItem", true},
		{"user_id", "UserID", true},
		{"userId", "UserID", true},
		{"UserID", "UserID", true},
		{"http_url", "HTTPURL", true},
		{"ai_v2", "AIV2", true},
		{"item_ids", "ItemIds", true},
		{"kebab-case", "KebabCase", true},
		{"IN_PROGRESS", "InProgress", true},
		{"type", "Type", true},
		{"func", "Func", true},
		{"größe", "Größe", true},
		{"a_1", "A1", true},
		{"$id", "ID", true},
		{"日本", "日本", false},
		{"1st", "1st", false},
		{"", "", false},
		{"--", "", false},
	} {
		if got, ok := goName(c.in); got != c.want || ok != c.ok {
			t.Errorf("goName(%q) = %q, %v; want %q, %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestGoNameIsSafe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.String().Draw(t, "name")
		name, ok := goName(in)
		if ok && (!token.IsIdentifier(name) || !token.IsExported(name)) {
			t.Fatalf("%q gives %q", in, name)
		}
		if suffix := enumSuffix(in); !token.IsIdentifier("X"+suffix) && utf8.ValidString(in) {
			t.Fatalf("%q gives the constant X%s", in, suffix)
		}
	})
}

func TestSingular(t *testing.T) {
	for in, want := range map[string]string{
		"StateItems": "StateItem", "StateEntries": "StateEntry", "RowBoxes": "RowBox", "RowStatus": "RowStatusItem",
		"RowData": "RowDataItem", "RowAddress": "RowAddressItem", "RowAddresses": "RowAddress", "RowBuses": "RowBuse", "As": "AsItem",
	} {
		if got := singular(in, "Item"); got != want {
			t.Errorf("singular(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPackageName(t *testing.T) {
	for in, want := range map[string]string{"list": "list", "list_name": "listname", "type": "type_", "string": "string_", "go_to": "goto_", "init": "init_", "in_it": "init_"} {
		if got := packageName(in); got != want {
			t.Errorf("packageName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"required", "maxLength", "minLength", "x-tag"}
	for in, want := range map[string]string{"requird": "required", "maxLenght": "maxLength", "x-tags": "x-tag", "banana": "", "MAXLENGTH": "maxLength"} {
		if got := nearest(in, words); got != want {
			t.Errorf("nearest(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestRelative(t *testing.T) {
	for _, c := range [][3]string{
		{"todos/list/commands/add.json", "dialect/command.json", "../../../dialect/command.json"},
		{"todos/types.json", "dialect/types.json", "../dialect/types.json"},
		{"todos/list/actor.json", "todos/types.json", "../types.json"},
		{"todos/list/actor.json", "todos/list/events/a.json", "events/a.json"},
	} {
		if got := relative(c[0], c[1]); got != c[2] {
			t.Errorf("relative(%q, %q) = %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
