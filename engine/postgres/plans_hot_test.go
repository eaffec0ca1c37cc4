package postgres_test

import (
	"fmt"
	"strings"
)

// hot is a query that runs all the time, or whenever a page is shown, with
// arguments as they are written in SQL.
type hot struct {
	query string
	args  []string
	when  string // what is asked for, where the query is there more than once
	sorts string // why it may sort
	scans string // a table that it may read whole, which stays short, or so does the index
	work  bool   // it runs on the engine's own connections only

	dear     string // why it looks dear to the planner: behind a pooler it may be compiled
	settings string // query of its transaction that sets how it is planned
}

// Literals of the database that bulk fills.
const (
	someStream = "'bank.account/s7'"
	someStamp  = "'2026-01-01 00:00:30'"
	someSlots  = "ARRAY[1,7,9,33]"
	longPast   = "'-infinity'"
	farFuture  = "'infinity'"
	someTypes  = "ARRAY['bank.account.deposited','bank.account.opened']"
	someTexts  = "ARRAY['a','b','c']"
	noTexts    = "ARRAY[]::text[]"
	someKeys   = "ARRAY['bank.account/s1','bank.account/s2','bank.account/s3']"
	aFew       = "ARRAY[1,2,3]"
)

func literalID(kind string, n int) string {
	return fmt.Sprintf("'0000000%s-0000-0000-0000-%012x'::uuid", kind, n)
}

// literalIDs are 256 of the middle of n events.
func literalIDs(kind string, n int) string {
	list := make([]string, 256)
	for i := range list {
		list[i] = literalID(kind, n/2+i)
	}
	return "ARRAY[" + strings.Join(list, ",") + "]"
}

// literalPositions are those of 256 events of the middle of n.
func literalPositions(n int) string {
	list := make([]string, 256)
	for i := range list {
		list[i] = fmt.Sprint(n/2 + i)
	}
	return "ARRAY[" + strings.Join(list, ",") + "]"
}

func literalStreams() string {
	list := make([]string, 256)
	for i := range list {
		list[i] = fmt.Sprintf("'bank.account/s%d'", i*3)
	}
	return "ARRAY[" + strings.Join(list, ",") + "]"
}

func hotQueries(n int) []hot {
	list := append(hotLog(n), hotStreams(n)...)
	list = append(list, hotCommands(n)...)
	list = append(list, hotConsumers(n)...)
	list = append(list, hotDuty(n)...)
	return append(list, hotPages(n)...)
}

// hotLog are those of the sequencer, the tail and whoever reads along the log.
func hotLog(n int) []hot {
	middle, last := fmt.Sprint(n/2), fmt.Sprint(n)
	positions := fmt.Sprintf("ARRAY[%d,%d,%d]", n/3, n/2, n)
	return []hot{
		{query: "LogHead"},
		{query: "LogPosition"},
		{query: "EventRead", args: []string{middle, "1000"}},
		{query: "EventRead", args: []string{last, "1000"}, when: "the tail's poll"},
		{query: "EventStored", args: []string{literalIDs("e", n)}},
		{query: "EventAt", args: []string{positions}},
		{query: "EventFind", args: []string{literalIDs("e", n)}, sorts: "the few that were asked for"},
		{query: "BuildRead", args: []string{middle, last, someTypes, "1000"}},
		{query: "ExportEvents", args: []string{middle, last, "1000"}},
		{query: "TagTail", args: []string{fmt.Sprint(n - 3), "1000"}},
		{query: "TagPositions", args: []string{"ARRAY['{}','{bank.account.deposited}']", "ARRAY['{\"tag 7\"}','{\"tag 7\",\"tag 11\"}']", middle, "100"},
			sorts: "a page of each item, and the tags of one", dear: "items stand in the log as often as anything might"},
		{query: "TagPositions", args: []string{"ARRAY['{bank.account.deposited}']", "ARRAY['{}']", last, "100"}, when: "by type",
			sorts: "a page of each item, and the tags of one", dear: "items stand in the log as often as anything might"},
		{query: "EpochLook", args: []string{middle}, scans: "log pg_database"},
		{query: "PositionTime", args: []string{middle}},
		{query: "HandledBetween", args: []string{middle, middle + "+1000"}},
		{query: "FloorGet", scans: "floors"},
	}
}

// hotStreams are those by which states are loaded.
func hotStreams(n int) []hot {
	streams := literalStreams()
	ords, uptos := make([]string, 256), make([]string, 256)
	for i := range ords {
		ords[i], uptos[i] = fmt.Sprint(i), "9223372036854775807"
	}
	list := func(of []string) string { return "ARRAY[" + strings.Join(of, ",") + "]" }
	return []hot{
		{query: "StreamHeads", args: []string{streams}},
		{query: "StreamRead", args: []string{someStream, "50", "1000"}},
		{query: "StreamTail", args: []string{someStream, "9223372036854775807", "1000", "'1'"}},
		{query: "StreamVersion", args: []string{someStream}},
		{query: "StreamVersionAt", args: []string{someStream, someStamp}},
		{query: "FloorStream", args: []string{"'bank.account/old7'"}},
		{query: "FloorFind", args: []string{list(ords), streams, list(uptos)}},
		{query: "FloorStates", args: []string{"'bank.watch'", someKeys}},
		{query: "ReactorStates", args: []string{"'bank.watch'", someKeys, "'1'"}},
	}
}

// hotCommands are those between submission and outcome.
func hotCommands(n int) []hot {
	waiting, decided := literalIDs("a", 0), literalIDs("c", n)
	none, one := "ARRAY[]::uuid[]", literalID("a", 7)
	return []hot{
		{query: "InboxInsert", args: []string{"ARRAY[" + one + "]", "ARRAY[1]", "ARRAY['t']", "ARRAY['s']", "ARRAY['{}']::json[]", "ARRAY['b']",
			"ARRAY[" + one + "]", "ARRAY[" + one + "]", "ARRAY[-1]"}},
		{query: "InboxSend", args: []string{"ARRAY[" + one + "]", "ARRAY[1]", "ARRAY['t']", "ARRAY['s']", "ARRAY['{}']::json[]", "ARRAY['b']",
			"ARRAY[" + one + "]", "ARRAY[" + one + "]", "ARRAY['r']", "ARRAY[1]", "ARRAY[NULL]::timestamptz[]"}, sorts: "what one batch sends"},
		{query: "InboxTake", args: []string{"0", someSlots, waiting, "512"}, work: true},
		{query: "InboxTake", args: []string{"9000", someSlots, none, "512"}, when: "trailing", work: true},
		{query: "InboxClaim", args: []string{waiting}},
		{query: "InboxRivals", args: []string{waiting, someKeys}},
		{query: "InboxClear", args: []string{waiting, someKeys}},
		{query: "InboxDelete", args: []string{waiting}},
		{query: "InboxCount", args: []string{"10001"}, scans: "inbox"},
		{query: "OutcomeDecided", args: []string{decided}},
		{query: "OutcomeFind", args: []string{decided}},
		{query: "OutcomeFind", args: []string{"ARRAY[" + literalID("c", 7) + "]"}, when: "one"},
		{query: "OutcomeEvents", args: []string{literalPositions(n)}},
		{query: "OutcomeSettling", args: []string{someKeys, "ARRAY[" + literalID("c", 7) + "]"}, sorts: "what settles one command"},
		{query: "OutcomeSettle", args: []string{"ARRAY[" + literalID("c", 7) + "]", "ARRAY['accepted']", "ARRAY['']", "ARRAY['']"}},
		{query: "OutcomesForget", args: []string{"1e9", "1000"}, settings: "ForgetSettings"},
		{query: "SchedulePromote", args: []string{"500"}, sorts: "those of one turn"},
		{query: "ScheduleNext"},
		{query: "ScheduleCancel", args: []string{one}},
		{query: "SnapshotPut", args: []string{someKeys, aFew, "ARRAY[" + one + "," + one + "," + one + "]", someTexts, "ARRAY['','','']::bytea[]"}},
	}
}
