package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// recentText is a page in short: "deposit accepted", "deposited"; with "…" where it is
// not the last one.
func recentText(page engine.Recent) string {
	var lines []string
	for _, m := range page.Messages {
		if m.Event != nil {
			lines = append(lines, m.Event.Type[strings.LastIndex(m.Event.Type, ".")+1:])
			continue
		}
		lines = append(lines, m.Command.Type[strings.LastIndex(m.Command.Type, ".")+1:]+" "+string(m.Command.Status))
	}
	if page.Next != (engine.RecentPlace{}) {
		lines = append(lines, "…")
	}
	return strings.Join(lines, ", ")
}

func recent(t *testing.T, e *postgres.Engine, of engine.RecentFilter, before engine.RecentPlace, limit int) engine.Recent {
	t.Helper()
	page, err := e.Recent(within(t), of, before, limit)
	if err != nil {
		t.Fatalf("%+v: %v", of, err)
	}
	return page
}

// everyStatus leaves a command in each status, the last one pending.
func everyStatus(t *testing.T, url string) *postgres.Engine {
	t.Helper()
	e, stop := run(t, postgres.Config{URL: url, System: loans("1h")})
	depositing := command("deposit", "Äda", 5)
	depositing.By = "Änne"
	for _, s := range []engine.Submission{command("open", "a", 0), depositing, command("withdraw", "a", 1000), command("explode", "b", -1)} {
		settled(t, e, s)
	}
	for _, s := range []engine.Submission{askFor(2, "x"), askFor(100, "y")} { // denied at once; open
		if _, err := e.Submit(within(t), s); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is decided", func() bool {
			o, err := e.Outcome(within(t), s.ID)
			return err == nil && o.Status != engine.Pending
		})
	}
	stop()
	e = openEngine(t, postgres.Config{URL: url, System: loans("1h")}) // nobody decides
	t.Cleanup(e.Close)
	if _, err := e.Submit(within(t), command("deposit", "a", 7)); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestRecent_ShowsEveryMessage(t *testing.T) {
	t.Parallel()
	e := everyStatus(t, database(t))
	page := recent(t, e, engine.RecentFilter{}, engine.RecentPlace{}, 50)
	want := "deposit pending, asked, ask settling, denied, asked, ask refused, explode failed, withdraw refused, deposited, deposit accepted, opened, open accepted"
	if got := recentText(page); got != want || !page.Since.IsZero() {
		t.Errorf("%s\nwant %s", got, want)
	}
	for _, m := range page.Messages {
		c := m.Command
		switch {
		case c == nil:
		case c.Status == engine.Refused && (c.Refusal == nil || c.Refusal.Message == ""), c.Status == engine.Failed && c.Error == "", c.By == "", len(c.Data) == 0 && c.Type != "bank.account.open":
			t.Errorf("%+v", c)
		}
	}
	for name, c := range map[string]struct {
		of   engine.RecentFilter
		want string
	}{
		"events":            {engine.RecentFilter{Kind: engine.RecentEvents}, "asked, denied, asked, deposited, opened"},
		"commands":          {engine.RecentFilter{Kind: engine.RecentCommands}, "deposit pending, ask settling, ask refused, explode failed, withdraw refused, deposit accepted, open accepted"},
		"waiting":           {engine.RecentFilter{Kind: engine.RecentWaiting}, "deposit pending, ask settling"},
		"refused":           {engine.RecentFilter{Kind: engine.RecentRefused}, "ask refused, withdraw refused"},
		"failed":            {engine.RecentFilter{Kind: engine.RecentFailed}, "explode failed"},
		"type":              {engine.RecentFilter{Type: "DEPOSIT"}, "deposit pending, deposited, deposit accepted"},
		"types":             {engine.RecentFilter{Type: "loan.d", Types: []string{"bank.account.withdraw"}}, "denied, withdraw refused"},
		"a type no pattern": {engine.RecentFilter{Type: "bank_account"}, ""},
		"stream":            {engine.RecentFilter{Stream: "loan/X"}, "denied, asked, ask refused"},
		"streams":           {engine.RecentFilter{Stream: "nothing", Streams: []string{"bank.loan/y", "bank.account/b"}}, "asked, ask settling, explode failed"},
		"who":               {engine.RecentFilter{By: "änn"}, "deposited, deposit accepted"},
		"nobody":            {engine.RecentFilter{By: "önn"}, ""},
		"text of data":      {engine.RecentFilter{Texts: []string{"1000"}}, "withdraw refused"},
		"text of a refusal": {engine.RecentFilter{Texts: []string{"zzz", "IT IS TOO"}}, "ask refused"},
		"a text no pattern": {engine.RecentFilter{Texts: []string{"%"}}, ""},
		"refused by text":   {engine.RecentFilter{Kind: engine.RecentRefused, Texts: []string{"much"}, By: "test"}, "ask refused"},
	} {
		if got := recentText(recent(t, e, c.of, engine.RecentPlace{}, 50)); got != c.want {
			t.Errorf("%s: %s\nwant %s", name, got, c.want)
		}
	}
}

// Whatever a page's size, and whatever comes in meanwhile, pages show each message
// once, in the same order.
func TestRecent_PagesAreStable(t *testing.T) {
	t.Parallel()
	url := database(t)
	everyStatus(t, url)
	e := started(t, postgres.Config{URL: url, System: loans("1h")})
	eventually(t, "the last one is decided", func() bool { return one[int64](t, url, `SELECT count(*) FROM backstory.inbox`) == 0 })
	wholes := map[engine.RecentKind]engine.Recent{engine.RecentAll: {}, engine.RecentCommands: {}, engine.RecentRefused: {}}
	for kind := range wholes {
		wholes[kind] = recent(t, e, engine.RecentFilter{Kind: kind}, engine.RecentPlace{}, 100)
	}
	for kind, whole := range wholes {
		if whole.Next != (engine.RecentPlace{}) {
			t.Fatalf("more than a page: %s", recentText(whole))
		}
		for limit := 1; limit <= 4; limit++ {
			var paged engine.Recent
			for place := whole.From; ; {
				settled(t, e, command("deposit", "new", 1))
				settled(t, e, command("withdraw", "new", 1000_000))
				page := recent(t, e, engine.RecentFilter{Kind: kind}, place, limit)
				if len(page.Messages) > limit || len(paged.Messages) > len(whole.Messages) {
					t.Fatalf("%q by %d: %s, then %s", kind, limit, recentText(paged), recentText(page))
				}
				paged.Messages = append(paged.Messages, page.Messages...)
				if page.Next == (engine.RecentPlace{}) {
					break
				}
				var err error
				if place, err = engine.ParseRecentPlace(page.Next.String()); err != nil || place.String() != page.Next.String() {
					t.Fatalf("%s, %v", place, err)
				}
			}
			if got, want := recentText(paged), recentText(whole); got != want {
				t.Errorf("%q by %d: %s\nwant %s", kind, limit, got, want)
			}
		}
	}
}

// A page looks through a bounded part, and says how far; the pages after it go on
// there.
func TestRecent_LooksAtABoundedPart(t *testing.T) {
	t.Parallel()
	const events, apart = 12_000, 4_500
	url := database(t)
	e := openEngine(t, postgres.Config{URL: url}) // nobody works
	defer e.Close()
	bulk(t, url, events)
	if err := sql(t, url, `DELETE FROM backstory.inbox`); err != nil {
		t.Fatal(err)
	}
	if err := sql(t, url, `INSERT INTO backstory.outcomes (id, type, stream, data, by, at, correlation, causation, status, decided_at)
		SELECT gen_random_uuid(), 't', 'bank.account/s' || v, '{}', CASE v WHEN 3 THEN 'somebody' ELSE 'tester' END, t, gen_random_uuid(), gen_random_uuid(), 'refused', t
		FROM generate_series(1, $1::bigint) v, LATERAL (SELECT timestamptz '2026-02-01' + v * interval '1 ms' AS t) at`, apart); err != nil {
		t.Fatal(err)
	}
	look := func(of engine.RecentFilter) (pages []int, text string) {
		var place engine.RecentPlace
		since := time.Now().AddDate(9, 0, 0)
		for range 20 {
			page := recent(t, e, of, place, 10)
			pages, text = append(pages, len(page.Messages)), text+recentText(page)
			if place = page.Next; place == (engine.RecentPlace{}) {
				if !page.Since.IsZero() {
					t.Errorf("the last page is said to end at %s", page.Since)
				}
				return pages, text
			}
			if page.Since.IsZero() || page.Since.After(since) {
				t.Errorf("looked down to %s, then to %s", since, page.Since)
			}
			since = page.Since
		}
		return pages, text
	}
	for name, c := range map[string]struct {
		of    engine.RecentFilter
		pages []int
	}{
		"refused":  {engine.RecentFilter{Kind: engine.RecentRefused, By: "somebody"}, []int{0, 0, 1}},
		"commands": {engine.RecentFilter{Kind: engine.RecentCommands, Texts: []string{"nothing"}}, []int{0, 0, 0}},
		"events":   {engine.RecentFilter{Kind: engine.RecentEvents, By: "nobody"}, []int{0}},
		"one":      {engine.RecentFilter{Kind: engine.RecentEvents, Stream: "s70", Texts: []string{`"amount" : 10070`}}, []int{1}},
	} {
		if pages, text := look(c.of); !slices.Equal(pages, c.pages) {
			t.Errorf("%s: %v, want %v: %s", name, pages, c.pages, text)
		}
	}
}

func TestRecentPlace_IsAText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"x", "1", "1.-", "1.-.-.-", "x.-.-", "1.5.-", "1.5_x.-", "1.-._"} {
		if p, err := engine.ParseRecentPlace(text); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", text)) {
			t.Errorf("%q: %+v, %v", text, p, err)
		}
	}
	if p, err := engine.ParseRecentPlace(""); err != nil || p != (engine.RecentPlace{}) {
		t.Errorf("%+v, %v", p, err)
	}
}

// What failed is read at once for many keys, and is what ParkedMessages lists first.
func TestParkedFirst_IsTheMessageThatFailed(t *testing.T) {
	t.Parallel()
	url := database(t)
	e := started(t, postgres.Config{URL: url})
	for _, account := range []string{"a", "b"} {
		settled(t, e, command("deposit", account, 1))
		settled(t, e, command("explode", account, -1))
	}
	if err := sql(t, url, `INSERT INTO backstory.held (consumer, key, slot, from_position, from_version, attempts, next_at, parked_at, error)
		SELECT 'bank.balances', stream, 0, position, version, 3, now(), now(), 'boom' FROM backstory.events WHERE version = 1`); err != nil {
		t.Fatal(err)
	}
	keys, err := e.Parked(within(t), engine.ParkedFilter{}, engine.ParkedKey{}, 10)
	if err != nil || len(keys) != 4 {
		t.Fatalf("%+v, %v", keys, err)
	}
	keys = append(keys, engine.ParkedKey{Consumer: "bank.balances", Key: "gone", Position: 999})
	first, err := e.ParkedFirst(within(t), keys)
	if err != nil || len(first) != len(keys) {
		t.Fatalf("%+v, %v", first, err)
	}
	for i, k := range keys[:4] {
		if first[i].Stream != k.Key || first[i].Position != k.Position || k.Position == 0 && first[i].ID != k.Command {
			t.Errorf("%+v: %+v", k, first[i])
		}
		if k.Consumer != engine.ConsumerCommands {
			continue
		}
		if list, err := e.ParkedMessages(within(t), k.Consumer, k.Key, 1); err != nil || fmt.Sprint(list[0]) != fmt.Sprint(first[i]) {
			t.Errorf("%+v, %v, want %+v", list, err, first[i])
		}
	}
	if first[4].ID.String() != "00000000-0000-0000-0000-000000000000" {
		t.Errorf("nothing is there: %+v", first[4])
	}
}
