package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ago says how long ago something was, or how soon it will be. The page's script
// says it the same way as time goes by.
func ago(at, now time.Time) string {
	d := now.Sub(at)
	switch text := span(d.Abs()); {
	case d < -2*time.Second && d >= -time.Minute:
		return "within a minute"
	case d >= -2*time.Second && d < 45*time.Second:
		return "just now"
	case text == "":
		return at.UTC().Format("2006-01-02")
	case d < 0:
		return "in " + text
	default:
		return text + " ago"
	}
}

// span is a length of time in the unit that fits it; "" from a month on.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Hour:
		return inUnits(d, time.Minute, "min")
	case d < day:
		return inUnits(d, time.Hour, "h")
	case d < 30*day:
		return inUnits(d, day, "d")
	}
	return ""
}

func inUnits(d, unit time.Duration, name string) string {
	return strconv.FormatInt(max(1, int64(d.Round(unit)/unit)), 10) + " " + name
}

// lasted is a duration as people compare them.
func lasted(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "0 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	text := d.Round(time.Second).String()
	if whole, ok := strings.CutSuffix(text, "m0s"); ok {
		return whole + "m"
	}
	return text
}
