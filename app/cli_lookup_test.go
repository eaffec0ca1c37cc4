package main

import (
	"strings"
	"testing"
	"time"
)

func TestLookup(t *testing.T) {
	names := []string{"todos.list", "todos.list_name", "shop.list", "shop.order", "list_name"}
	for name, want := range map[string]string{
		"todos.list": "todos.list",
		"order":      "shop.order",
		"list_name":  "list_name", // the whole name, whatever else ends with it
		"list":       `actor "list" could be todos.list or shop.list: give the whole name`,
		"ist":        `no actor "ist"; there are ` + strings.Join(names, ", "),
		"":           `no actor ""; there are ` + strings.Join(names, ", "),
	} {
		got, err := lookup("actor", name, names)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

func TestParsePoint(t *testing.T) {
	noon := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]point{"7": {number: 7}, "2026-01-31T12:00:00Z": {time: noon}, "0": {}, "-1": {}, "": {}, "noon": {}} {
		got, err := parsePoint("--at", "version", text)
		if got != want || (err == nil) == (want == point{}) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		if err != nil && err.Error() != `--at "`+text+`": want a version from 1, or a time such as 2026-01-31T12:00:00Z` {
			t.Error(err)
		}
	}
}
