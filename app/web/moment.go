package web

import (
	"strconv"
	"strings"
	"time"
)

// ago says how long ago something was. The page's script says it the same way as
// time goes by.
func ago(at, now time.Time) string {
	const day = 24 * time.Hour
	switch d := now.Sub(at); {
	case d < -time.Minute:
		return "in " + strings.TrimSuffix(ago(now, at), " ago")
	case d < -2*time.Second:
		return "within a minute"
	case d < 45*time.Second:
		return "just now"
	case d < time.Hour:
		return spanAgo(d, time.Minute, "min")
	case d < day:
		return spanAgo(d, time.Hour, "h")
	case d < 30*day:
		return spanAgo(d, day, "d")
	}
	return at.UTC().Format("2006-01-02")
}

func spanAgo(d, unit time.Duration, name string) string {
	return strconv.FormatInt(max(1, int64(d.Round(unit)/unit)), 10) + " " + name + " ago"
}
