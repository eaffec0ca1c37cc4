package engine

import (
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Date is a calendar date without a time zone (RFC 3339 full-date). The zero
// Date is absent: it is written as 0000-00-00 and refused by decoders.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the date of an instant, in its own zone.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(text string) (Date, error) {
	if len(text) != 10 || text[4] != '-' || text[7] != '-' {
		return Date{}, fmt.Errorf("date %q: want YYYY-MM-DD", text)
	}
	year, month, day := digits(text[:4]), digits(text[5:7]), digits(text[8:])
	if year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return Date{}, fmt.Errorf("date %q: no such day", text)
	}
	return Date{year, time.Month(month), day}, nil
}

// String writes YYYY-MM-DD.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// In is the instant at which the date begins in a zone.
func (d Date) In(zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
}

// AddDays is the date n days later, or earlier when n is negative.
func (d Date) AddDays(n int) Date { return DateOf(d.In(time.UTC).AddDate(0, 0, n)) }

// MarshalText writes the date as String does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDate(string(text))
	return err
}

// Value hands the date to a database.
func (d Date) Value() (driver.Value, error) { return d.In(time.UTC), nil }

// Scan takes the date from a database.
func (d *Date) Scan(src any) error {
	switch src := src.(type) {
	case time.Time:
		*d = DateOf(src)
		return nil
	case string:
		return d.UnmarshalText([]byte(src))
	}
	return fmt.Errorf("scan %T into a date", src)
}

// Time is a time of day with its offset (RFC 3339 full-time), as it was written.
// The zero Time is midnight in UTC.
type Time struct{ text string }

// ParseTime reads hh:mm:ss[.fraction](Z|±hh:mm).
func ParseTime(text string) (Time, error) {
	if _, ok := parseClock(text); !ok {
		return Time{}, fmt.Errorf("time %q: want hh:mm:ss with an offset", text)
	}
	return Time{text}, nil
}

// String writes the time as it was read.
func (t Time) String() string {
	if t.text == "" {
		return "00:00:00Z"
	}
	return t.text
}

// On is the instant at which the time comes on a date.
func (t Time) On(d Date) time.Time {
	c, _ := parseClock(t.String())
	return c.on(d).UTC()
}

// MarshalText writes the time as String does.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (t *Time) UnmarshalText(text []byte) (err error) {
	*t, err = ParseTime(string(text))
	return err
}

// ParseInstant reads an RFC 3339 date-time. A leap second is the next second; a
// fraction is cut after nanoseconds.
func ParseInstant(text string) (time.Time, error) {
	fail := func() (time.Time, error) { return time.Time{}, fmt.Errorf("date-time %q: want RFC 3339", text) }
	if len(text) < 11 || (text[10] != 'T' && text[10] != 't') {
		return fail()
	}
	date, err := ParseDate(text[:10])
	clock, ok := parseClock(text[11:])
	if err != nil || !ok {
		return fail()
	}
	t := clock.on(date)
	if year := t.UTC().Year(); year < 0 || year > 9999 {
		return t, nil // RFC 3339 can write it only with its own offset
	}
	return t.UTC(), nil
}

// clock is a parsed full-time; offset is in minutes.
type clock struct {
	hour, minute, second, nano, offset int
}

func (c clock) on(d Date) time.Time {
	zone := time.UTC
	if c.offset != 0 {
		zone = time.FixedZone("", c.offset*60)
	}
	return time.Date(d.Year, d.Month, d.Day, c.hour, c.minute, c.second, c.nano, zone)
}

func parseClock(text string) (clock, bool) {
	if len(text) < 9 || text[2] != ':' || text[5] != ':' {
		return clock{}, false
	}
	c := clock{hour: digits(text[:2]), minute: digits(text[3:5]), second: digits(text[6:8])}
	rest, ok := c.fraction(text[8:])
	if !ok || c.hour < 0 || c.hour > 23 || c.minute < 0 || c.minute > 59 || c.second < 0 || c.second > 60 {
		return clock{}, false
	}
	if c.offset, ok = parseOffset(rest); !ok {
		return clock{}, false
	}
	if c.second == 60 && ((c.hour*60+c.minute-c.offset)%1440+1440)%1440 != 1439 {
		return clock{}, false // a leap second is the last one of a day in UTC
	}
	return c, true
}

func (c *clock) fraction(text string) (rest string, ok bool) {
	if text[0] != '.' {
		return text, true
	}
	text = text[1:]
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	if n == 0 {
		return "", false
	}
	c.nano = digits((text[:n] + "000000000")[:9])
	return text[n:], true
}

func parseOffset(text string) (minutes int, ok bool) {
	if text == "Z" || text == "z" {
		return 0, true
	}
	if len(text) != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' {
		return 0, false
	}
	h, m := digits(text[1:3]), digits(text[4:])
	if h < 0 || h > 23 || m < 0 || m > 59 {
		return 0, false
	}
	if text[0] == '-' {
		return -(h*60 + m), true
	}
	return h*60 + m, true
}

// digits reads ASCII digits; -1 when there are others.
func digits(text string) int {
	if strings.Trim(text, "0123456789") != "" || text == "" {
		return -1
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
