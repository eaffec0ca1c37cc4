package postgres_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/backstory-go/backstory/engine"
)

// What a json column accepts, the log's decoder reads as the one does that judges
// the syntax itself: the same values, the same faults.
func TestJSONColumn_WhatItAccepts_IsDecodedAlike(t *testing.T) {
	t.Parallel()
	texts := jsonTexts(rand.New(rand.NewPCG(1, 2)), 12_000)
	for _, deep := range []int{1_000, 9_999, 10_000, 10_001, 12_000} {
		texts = append(texts, strings.Repeat("[", deep)+strings.Repeat("]", deep), strings.Repeat(`{"a":`, deep)+"0"+strings.Repeat("}", deep))
	}
	conn := connect(t, database(t))
	defer conn.Close(t.Context())
	ctx := within(t)
	if _, err := conn.Exec(ctx, `CREATE FUNCTION pg_temp.judge(t text) RETURNS boolean LANGUAGE plpgsql AS
		$$ BEGIN PERFORM t::json; RETURN true; EXCEPTION WHEN OTHERS THEN RETURN false; END $$`); err != nil {
		t.Fatal(err)
	}
	var accepted []bool
	if err := conn.QueryRow(ctx, "SELECT array_agg(pg_temp.judge(t) ORDER BY n) FROM unnest($1::text[]) WITH ORDINALITY AS x(t, n)", texts).Scan(&accepted); err != nil {
		t.Fatal(err)
	}
	count := map[bool]int{}
	judged, unjudged := engine.StoredDecoder(), engine.LogDecoder()
	for i, text := range texts {
		count[accepted[i]]++
		if !accepted[i] {
			continue
		}
		want, wantErr := engine.DecodeBy(judged, []byte(text), everything)
		got, err := engine.DecodeBy(unjudged, []byte(text), everything)
		if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(err, wantErr) {
			t.Errorf("%.200q: got %v, %v; want %v, %v", text, got, err, want, wantErr)
		}
		if !json.Valid([]byte(text)) && len(text) < 20_000 {
			t.Errorf("%.200q is JSON for PostgreSQL only", text)
		}
	}
	if count[true] < 1_000 || count[false] < 1_000 {
		t.Errorf("%d texts were accepted, %d refused: they prove little", count[true], count[false])
	}
}

// jsonTexts are texts of which some are JSON, and most nearly.
func jsonTexts(r *rand.Rand, n int) []string {
	texts := []string{`{"a":[1,{"b":"c\"\\\u00e9"}],"a":null}`, ` [ ] `, `"\ud83d\ude00"`, `"\ud800"`, `"\udc00\ud800"`, `"\u0000"`, `-1.5e3`, `1E+2`, `-0`, `1e999`,
		"9223372036854775808", `{"":{"":[[],{}]}}`, `"` + "\U0001F600\u00a0\ufeff" + `"`, `[1,1.0,"}",",",":]"]`, "\t{\r\n\"kind\" : \"x\" }", `true`, `false`, `null`,
		`{"id":"0190a000-0000-7000-8000-000000000001","text":"Milk","done":false,"at":"2024-02-29T23:59:60.5+01:00"}`, `"0190a000-0000-7000-8000-00000000000\u0031"`,
		`"{"`, `"\\"`, `{"a\u0062":1,"ab":2}`, "\"\x7f\"", "\"\x01\"", `'a'`, `01`, `1.`, `.5`, `+1`, `NaN`, `[1,]`, `{,}`, `{"a"}`, `nul`, `truex`, `"\x"`, `"\u12"`, "\u00a0[]", "\v1", "\f1", `[]]`, `1 2`, `/**/1`}
	marks := []string{`"`, `\`, `\u`, `\ud83d`, `\ude00`, `{`, `}`, `[`, `]`, `:`, `,`, ` `, "\n", "\u00a0", "-", "+", ".", "e", "E9", "0", "17", "null", "true", "é", "\ufeff", `""`, `"a":`, "\x1f", "/"}
	for seeds := len(texts); len(texts) < n; {
		text := texts[r.IntN(seeds)]
		for range 1 + r.IntN(3) {
			from, to := r.IntN(len(text)+1), r.IntN(len(text)+1)
			switch from, to = min(from, to), max(from, to); r.IntN(4) {
			case 0:
				text = text[:from] + marks[r.IntN(len(marks))] + text[from:]
			case 1:
				text = text[:from] + marks[r.IntN(len(marks))] + text[min(to, from+1):]
			case 2:
				text = text[:from] + text[min(to, from+3):]
			case 3:
				text = text[:from] + texts[r.IntN(seeds)] + text[to:]
			}
		}
		if utf8.ValidString(text) { // the protocol lets nothing else through
			texts = append(texts, text)
		}
	}
	return texts
}

// everything reads a value in every way that there is.
func everything(d *engine.Decoder, raw []byte) any {
	if len(raw) > 1_000 { // it is deep: each fault tells the way to it
		return engine.DecodeArray(d, raw, engine.Items{}, func(_ *engine.Decoder, raw []byte) int { return len(raw) })
	}
	ways := []any{string(raw), d.String(raw, engine.Text{}), d.UUID(raw), d.Time(raw), d.Date(raw), d.TimeOfDay(raw), d.Duration(raw), d.Bool(raw),
		d.Int64(raw, engine.Integer{}), d.Float64(raw, engine.Number{}), d.Enum(raw, "a", "x"), engine.DecodeID(d, raw, func(s string) (string, error) { return s, nil })}
	d.Const(raw, `"a"`)
	tag, ok := d.Tag(raw, "kind")
	ways = append(ways, tag, ok)
	switch raw[0] {
	case '[':
		return append(ways, engine.DecodeArray(d, raw, engine.Items{}, everything))
	case '{':
		for m := d.Walk(raw); m.Next(); {
			ways = append(ways, string(m.Name), everything(d, m.Value))
		}
		return append(ways, engine.DecodeMap(d, raw, engine.Range{}, func(_ *engine.Decoder, raw []byte) string { return string(raw) }),
			engine.DecodeUUIDMap(d, raw, engine.Range{}, func(*engine.Decoder, []byte) uuid.UUID { return uuid.Nil }))
	}
	return append(ways, engine.DecodeNullable(d, raw, (*engine.Decoder).Bool) == nil)
}
