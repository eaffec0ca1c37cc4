package web

import (
	"encoding/json"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/backstory-go/backstory/engine/localpg/pgtest"
)

// manyLists puts lists into the read model, the newest first by number: every
// fiftieth archived, every thousandth a gardener's.
func manyLists(t *testing.T, database string, many int) *pgx.Conn {
	t.Helper()
	db, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(t.Context()) })
	_, err = db.Exec(t.Context(), `INSERT INTO todos_listings (id, name, search_words, status, members, item_count, done_count, created_at, updated_at)
		SELECT gen_random_uuid(), 'List number ' || n || ' of the ' || whose, 'list number ' || n || ' of the ' || words, CASE WHEN n % 50 = 0 THEN 'archived' ELSE 'active' END,
			'{Ada,Bob}', 4, 1, now(), now() - n * interval '1 minute'
		FROM generate_series(1, $1) n, LATERAL (VALUES (n % 1000 = 7, 'Gärtner', 'gartner'), (n % 1000 <> 7, 'house', 'house')) v (is_it, whose, words) WHERE is_it`, many)
	if err == nil {
		_, err = db.Exec(t.Context(), "ANALYZE todos_listings")
	}
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// TestHomeOf10000Lists shows some and counts all.
func TestHomeOf10000Lists(t *testing.T) {
	database := pgtest.Database(t, pgtest.Template{})
	s := signedIn(t, serveAppWith(t, services{database: database}).URL, nil)
	manyLists(t, database, 10_000)
	_, page, _ := s.get("/")
	if n := len(namesOf(page)); n != homePageSize+homeArchived || countsOf(page) != "active 9,800; archived 200; " {
		t.Errorf("%d lists; %s", n, countsOf(page))
	}
	const most = 100_000
	if len(page) > most {
		t.Errorf("the page has %d bytes", len(page))
	}
	before := page
	for range 3 {
		before = page
		_, page, _ = s.get(link(page, "↓ Older"))
	}
	if names := namesOf(page); len(names) != homePageSize || names[0] != "List number 154 of the house" || len(page) > most {
		t.Errorf("the fourth page: %q", names)
	}
	if _, back, _ := s.get(link(page, "↑ Newer")); strings.Join(namesOf(back), ";") != strings.Join(namesOf(before), ";") {
		t.Errorf("the way back leads to %q", namesOf(back))
	}
	for find, want := range map[string]string{
		"GÄRT 5007":           "List number 5007 of the Gärtner",
		"gart num 9":          "List number 9007 of the Gärtner",
		"number 7 gartner's!": "",
		"&|!()":               "",
		"list":                "List number 1 of the house",
		"100":                 "List number 1001 of the house", // 100 is archived
	} {
		_, page, _ := s.get("/?find=" + url.QueryEscape(find))
		names := append(namesOf(page), "")
		if names[0] != want {
			t.Errorf("%q finds %q, want %q first", find, names[0], want)
		}
	}
}

// plan is a node of a query's plan.
type plan struct {
	Type    string  `json:"Node Type"`
	Rows    float64 `json:"Actual Rows"`
	Removed float64 `json:"Rows Removed by Filter"`
	Plans   []plan
}

// seen is how many rows the plan looks at.
func (p plan) seen() float64 {
	n := p.Rows + p.Removed
	for _, below := range p.Plans {
		n = max(n, below.seen())
	}
	return n
}

// TestHomeQueriesStaySmall: none looks at more rows because there are more lists,
// beyond what is counted.
func TestHomeQueriesStaySmall(t *testing.T) {
	database := pgtest.Database(t, pgtest.Template{})
	serveAppWith(t, services{database: database}) // makes the table
	db := manyLists(t, database, 40_000)
	text, err := os.ReadFile("../../queries/todos/listings.sql")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{"status": "'active'", "updated_at": "now() - interval '20000 minutes'", "id": "gen_random_uuid()", "most": "51", "page_size": "50"}
	cases := map[string]struct {
		terms, most string
		rows        float64
	}{
		"ListingsAfter":             {"", "51", 51},
		"ListingsPageBefore":        {"", "51", 51},
		"ListingsCount":             {"", "10001", 10_000 + 1 + 10_001/40},
		"ListingsSearchAfter":       {"gart:*", "51", 40},
		"ListingsCommonSearchAfter": {"list:*", "51", 51},
		"ListingsSearchCount":       {"gart:*", "10001", 40},
	}
	for _, query := range strings.Split(string(text), "-- name: ")[1:] {
		name, sql, _ := strings.Cut(query, " ")
		test, known := cases[name]
		if !known {
			t.Errorf("nothing is known of the query %s", name)
			continue
		}
		values["terms"], values["most"] = "'"+test.terms+"'", test.most
		_, sql, _ = strings.Cut(sql, "\n")
		sql = regexp.MustCompile(`@(\w+)::`).ReplaceAllStringFunc(sql, func(arg string) string { return "(" + values[arg[1:len(arg)-2]] + ")::" })
		var explained []byte
		if err := db.QueryRow(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) "+strings.TrimSpace(strings.SplitN(sql, ";", 2)[0])).Scan(&explained); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, sql)
		}
		var plans []struct{ Plan plan }
		if err := json.Unmarshal(explained, &plans); err != nil {
			t.Fatal(err)
		}
		if seen := plans[0].Plan.seen(); seen > test.rows || seen == 0 {
			t.Errorf("%s looks at %v rows, and should at no more than %v:\n%s", name, seen, test.rows, explained)
		}
		delete(cases, name)
	}
	if len(cases) > 0 {
		t.Errorf("there are no queries %v", cases)
	}
}
