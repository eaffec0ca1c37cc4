package engine

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"testing"
	"time"
)

func TestParseInteger(t *testing.T) {
	tests := []struct {
		text string
		want int64
		err  error
	}{
		{"0", 0, nil}, {"-0", 0, nil}, {"-0.0", 0, nil}, {"1.0", 1, nil}, {"1e2", 100, nil}, {"1E+2", 100, nil}, {"1200e-2", 12, nil},
		{"9223372036854775807", math.MaxInt64, nil}, {"-9223372036854775808", math.MinInt64, nil}, {"9223372036854775807.0", math.MaxInt64, nil},
		{"9223372036854775808", 0, strconv.ErrRange}, {"9223372036854775808.0", 0, strconv.ErrRange}, {"1e19", 0, strconv.ErrRange},
		{"1e400", 0, strconv.ErrRange}, {"1e999999999", 0, strconv.ErrRange}, {"0e999999999", 0, nil}, {"0e-999999999", 0, nil},
		{"1.5", 0, strconv.ErrSyntax}, {"1e-1", 0, strconv.ErrSyntax}, {"1e-999999999", 0, strconv.ErrSyntax},
	}
	for _, test := range tests {
		got, err := ParseInteger(test.text)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: got %d, %v; want %d, %v", test.text, got, err, test.want, test.err)
		}
	}
}

func TestNumbersAreJudgedExactly(t *testing.T) {
	tests := []struct {
		text  string
		rules Number
		ok    bool
	}{
		{"0.3", Number{MultipleOf: "0.1"}, true}, {"0.35", Number{MultipleOf: "0.1"}, false},
		{"0.1", Number{Max: "0.1"}, true}, {"0.10000000000000000001", Number{Max: "0.1"}, false},
		{"1", Number{Below: "1"}, false}, {"1", Number{Above: "1"}, false}, {"1.0000000000000000001", Number{Above: "1"}, true},
		{"1e308", Number{Max: "1e309"}, true}, {"1e309", Number{}, false}, {"-1e309", Number{}, false}, {"1e-400", Number{Min: "0"}, true},
	}
	for _, test := range tests {
		_, err := DecodeStrict([]byte(test.text), func(d *Decoder, raw []byte) float64 { return d.Float64(raw, test.rules) })
		if (err == nil) != test.ok {
			t.Errorf("%s under %+v: got %v", test.text, test.rules, err)
		}
	}
}

func TestUniqueComparesValues(t *testing.T) {
	tests := []struct {
		data string
		ok   bool
	}{
		{`[1, 2]`, true}, {`[1, 1.0]`, false}, {`[1e2, 100]`, false}, {`[1, "1"]`, true}, {`[1, true]`, true}, {`["a", "\u0061"]`, false},
		{`[{"a":1,"b":2}, {"b":2,"a":1.0}]`, false}, {`[{"a":1}, {"a":1,"b":2}]`, true}, {`[[1,2],[2,1]]`, true}, {`[[],[]]`, false}, {`[null,null]`, false},
	}
	for _, test := range tests {
		_, err := DecodeStrict([]byte(test.data), func(d *Decoder, raw []byte) []bool {
			return DecodeArray(d, raw, Items{Unique: true}, func(*Decoder, []byte) bool { return true })
		})
		if (err == nil) != test.ok {
			t.Errorf("%s: got %v", test.data, err)
		}
	}
}

func TestDuplicateNamesAreFoundInLargeAndUnknownObjects(t *testing.T) {
	data := `{"deep": [{`
	for i := range 40 {
		data += strconv.Quote("k"+strconv.Itoa(i)) + ": 1, "
	}
	data += `"k39": {"a/b": 1, "a/b": 2}}]}`
	var list *FaultsError
	err := CheckStrict([]byte(data), func(d *Decoder, raw []byte) bool { return d.Object(raw) })
	if !errors.As(err, &list) || len(list.Faults) != 2 || list.Faults[0].Pointer != "/deep/0/k39" || list.Faults[1].Pointer != "/deep/0/k39/a~1b" {
		t.Errorf("got %v", err)
	}
}

func TestParseInstant(t *testing.T) {
	tests := []struct{ text, want string }{
		{"2024-02-29T10:00:00Z", "2024-02-29T10:00:00Z"}, {"2024-02-29t10:00:00.5z", "2024-02-29T10:00:00.5Z"},
		{"2024-12-31T23:59:60Z", "2025-01-01T00:00:00Z"}, {"2025-01-01T00:59:60+01:00", "2025-01-01T00:00:00Z"},
		{"2024-01-01T00:00:00.1234567891Z", "2024-01-01T00:00:00.123456789Z"}, {"9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59-01:00"},
		{"0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"},
		{"2024-12-31T22:59:60Z", ""}, {"2024-02-30T10:00:00Z", ""}, {"2024-02-29T24:00:00Z", ""}, {"2024-02-29T1:00:00Z", ""},
		{"2024-02-29T10:00:00,5Z", ""}, {"2024-02-29T10:00:00", ""}, {"2024-02-29T10:00:00+0100", ""}, {"2024-02-29T10:00:00.Z", ""}, {"", ""}, {"২024-02-29T10:00:00Z", ""},
	}
	for _, test := range tests {
		got, err := ParseInstant(test.text)
		if (err != nil) != (test.want == "") || err == nil && got.Format(time.RFC3339Nano) != test.want {
			t.Errorf("%q: got %v, %v; want %s", test.text, got, err, test.want)
		}
		if data, encodeErr := json.Marshal(got); err == nil && encodeErr != nil {
			t.Errorf("%q cannot be written again: %v %s", test.text, encodeErr, data)
		}
	}
}

func TestDurationAfter(t *testing.T) {
	start := time.Date(2024, 1, 31, 0, 0, 0, 0, time.UTC)
	tests := []struct{ text, want string }{
		{"P1Y", "2025-01-31T00:00:00Z"}, {"P2W", "2024-02-14T00:00:00Z"}, {"P1DT1H1M1S", "2024-02-01T01:01:01Z"}, {"PT36H", "2024-02-01T12:00:00Z"},
		{"PT2592000S", "2024-03-01T00:00:00Z"}, {"PT1M", "2024-01-31T00:01:00Z"},
	}
	for _, test := range tests {
		d, err := ParseDuration(test.text)
		if err != nil || d.After(start).Format(time.RFC3339) != test.want || d.String() != test.text {
			t.Errorf("%s: got %v, %v", test.text, d.After(start), err)
		}
	}
	if got := DurationOf(90 * time.Second).After(start); got != start.Add(90*time.Second) {
		t.Errorf("got %v", got)
	}
}

func TestDate(t *testing.T) {
	d := Date{2024, time.February, 28}
	if got := d.AddDays(2).String(); got != "2024-03-01" {
		t.Errorf("got %s", got)
	}
	var scanned Date
	if value, err := d.Value(); err != nil || scanned.Scan(value) != nil || scanned != d {
		t.Errorf("got %v, %v", scanned, err)
	}
	if scanned.Scan(7) == nil {
		t.Error("a number became a date")
	}
	at, err := ParseTime("01:30:00+02:00")
	if err != nil || at.On(d).Format(time.RFC3339) != "2024-02-27T23:30:00Z" {
		t.Errorf("got %v, %v", at.On(d), err)
	}
}

func TestValidFormat(t *testing.T) {
	tests := []struct {
		format, valid, invalid string
	}{
		{"email", "ann.b+c@example.org", "ann@@example.org"}, {"email", `"a b"@example.org`, "a b@example.org"}, {"email", "a@[127.0.0.1]", "Ann <a@b.org>"},
		{"idn-email", "ä@exämple.org", "ä@"}, {"email", "a@b", "ä@b.org"}, {"hostname", "a-b.example.org", "-a.org"}, {"hostname", "xn--nxasmq6b", "a_b.org"},
		{"ipv4", "127.0.0.1", "127.0.0.01"}, {"ipv6", "::1", "::1%eth0"}, {"uri", "urn:isbn:123", "//a/b"}, {"uri", "http://[::1]:8080/", "http://a b/"},
		{"uri-reference", "../a?b#c", `\a`}, {"uri-reference", "//u@a/", "//u@v@a/"}, {"iri", "http://ä.org", "ä"}, {"uri", "http://a/%20", "http://a/%2"},
		{"uri-template", "/a{?b*,c:3}", "/a{b"}, {"json-pointer", "/a~0b/~1", "a"}, {"relative-json-pointer", "1/a", "01/a"}, {"regex", "^a$", "("},
		{"uuid", "6BA7B810-9dad-11d1-80b4-00c04fd430c8", "6ba7b8109dad11d180b400c04fd430c8"}, {"time", "10:00:00z", "10:00:00"},
		{"duration", "P99999999999999999999D", "P1.5D"}, {"date", "2024-02-29", "2023-02-29"},
	}
	for _, test := range tests {
		if !ValidFormat(test.format, test.valid) || ValidFormat(test.format, test.invalid) {
			t.Errorf("%s: %q is %t, %q is %t", test.format, test.valid, ValidFormat(test.format, test.valid), test.invalid, ValidFormat(test.format, test.invalid))
		}
	}
	if ValidFormat("unknown", "") {
		t.Error("a format that does not exist has a text")
	}
}
