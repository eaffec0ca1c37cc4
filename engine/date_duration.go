package engine

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is an ISO 8601 duration (RFC 3339, appendix A), as it was written.
// The zero Duration is PT0S.
type Duration struct{ text string }

// ParseDuration reads a duration such as P1Y2M3D, PT36H or P2W.
func ParseDuration(text string) (Duration, error) {
	if _, ok := parseParts(text); !ok {
		return Duration{}, fmt.Errorf("duration %q: want ISO 8601, like PT36H", text)
	}
	return Duration{text}, nil
}

// DurationOf is an elapsed time, cut to seconds.
func DurationOf(d time.Duration) Duration {
	return Duration{"PT" + strconv.FormatInt(int64(d/time.Second), 10) + "S"}
}

// String writes the duration as it was read.
func (d Duration) String() string {
	if d.text == "" {
		return "PT0S"
	}
	return d.text
}

// After is the instant one duration after t. Years and months follow the calendar.
func (d Duration) After(t time.Time) time.Time {
	p, _ := parseParts(d.String())
	for designator, n := range p {
		p[designator] = min(n, longest(designator))
	}
	t = t.AddDate(int(p['Y']), int(p['M']), int(p['D']+7*p['W']))
	return t.Add(time.Duration(p['h'])*time.Hour + time.Duration(p['m'])*time.Minute + time.Duration(p['s'])*time.Second)
}

// MarshalText writes the duration as String does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Duration) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDuration(string(text))
	return err
}

// longest is the most of a unit that After adds: more would leave time.Time.
func longest(designator byte) int64 {
	switch designator {
	case 'Y':
		return 9_999
	case 'M':
		return 120_000
	case 'W':
		return 500_000
	case 'D':
		return 3_600_000
	case 'h':
		return 2_500_000
	case 'm':
		return 150_000_000
	}
	return 9_000_000_000 // seconds
}

// parseParts reads the numbers of a duration by their designators; those behind
// the T are in lower case.
func parseParts(text string) (map[byte]int64, bool) {
	body, ok := strings.CutPrefix(text, "P")
	date, clock, timed := strings.Cut(body, "T")
	if !ok || (date == "" && !timed) || (timed && clock == "") {
		return nil, false
	}
	parts := map[byte]int64{}
	if strings.HasSuffix(date, "W") && !timed {
		return parts, readParts(parts, date, "W", 0)
	}
	return parts, readParts(parts, date, "YMD", 0) && readParts(parts, clock, "HMS", 'a'-'A')
}

// readParts wants the designators in their order and without a gap between two
// of them: P1Y2D is none.
func readParts(parts map[byte]int64, text, designators string, lower byte) bool {
	last := -1
	for text != "" {
		n := strings.IndexAny(text, designators)
		if n < 1 {
			return false
		}
		value, _ := strconv.ParseInt(text[:n], 10, 64) // beyond int64: the largest there is
		at := strings.IndexByte(designators, text[n])
		if strings.Trim(text[:n], "0123456789") != "" || (last >= 0 && at != last+1) {
			return false
		}
		last, text, parts[text[n]+lower] = at, text[n+1:], value
	}
	return true
}
