package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// lookup finds what a person means among names: the whole name, or its last part
// where only one has it. what says what the names are of.
func lookup(what, name string, names []string) (string, error) {
	var found []string
	for _, n := range names {
		if n == name {
			return n, nil
		}
		if strings.HasSuffix(n, "."+name) {
			found = append(found, n)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("no %s %q; there are %s", what, name, strings.Join(names, ", "))
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%s %q could be %s: give the whole name", what, name, strings.Join(found, " or "))
}

// point is a place in the log or in a stream: a number from 1, or a time.
type point struct {
	number int64 // 0: the time
	time   time.Time
}

// parsePoint reads the value of a flag. number is what its numbers are called.
func parsePoint(flag, number, text string) (point, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
		return point{number: n}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return point{}, fmt.Errorf("%s %q: want a %s from 1, or a time such as 2026-01-31T12:00:00Z", flag, text, number)
	}
	return point{time: at}, nil
}
