package postgres_test

import (
	"fmt"
)

// hotConsumers are those of runners, for each batch.
func hotConsumers(n int) []hot {
	middle, last, id := fmt.Sprint(n/2), fmt.Sprint(n), literalID("e", n/2)
	ids, yes := "ARRAY["+id+","+id+","+id+"]", "ARRAY[true,true,true]"
	return []hot{
		{query: "SlotLoad", args: []string{"'bank.watch'", id, someSlots}, scans: "slots consumers", work: true},
		{query: "SlotAdvance", args: []string{aFew, "'bank.watch'", aFew, aFew, aFew, ids}, scans: "slots", work: true},
		{query: "SlotIdle", args: []string{someTexts, aFew, aFew, aFew, aFew, ids}, scans: "slots", work: true},
		{query: "SlotRebuilt", args: []string{aFew, "'bank.watch'", aFew, aFew}, scans: "slots", work: true},
		{query: "SlotPosition", args: []string{"'bank.watch'"}, scans: "slots"},
		{query: "SlotPositions", args: []string{"'bank.watch'"}, scans: "slots", sorts: "the slots of a consumer"},
		{query: "ReactorPut", args: []string{"'bank.watch'", someKeys, aFew, "'1'", "ARRAY['','','']::bytea[]"}},
		{query: "HeldKeys", args: []string{"'bank.watch'", someSlots}},
		{query: "HeldTake", args: []string{"'bank.watch'", someSlots, "10"}, work: true},
		{query: "HeldTry", args: []string{"'bank.watch'", someKeys, aFew}, scans: "held_due"},
		{query: "HeldPut", args: []string{"'bank.watch'", someKeys, aFew, aFew, aFew, aFew, aFew, yes, someTexts, aFew}},
		{query: "HeldDelete", args: []string{"'bank.watch'", someKeys}},
		{query: "HeldStream", args: []string{someStream, "50", last, "1000"}},
		{query: "HeldScan", args: []string{middle, last, someTypes, "1000"}},
	}
}

// hotDuty are those of every heartbeat.
func hotDuty(n int) []hot {
	id := literalID("e", n/2)
	return []hot{
		{query: "WorkerBeat", args: []string{id, "'{}'", someTexts}},
		{query: "WorkerCount", scans: "workers"},
		{query: "WorkerSweep", scans: "workers"},
		{query: "ConsumerShares", scans: "consumers workers", sorts: "consumers"},
		{query: "SlotOwned", args: []string{id}, scans: "slots", sorts: "the slots of a process"},
		{query: "SlotSteal", args: []string{id, "true", someTexts, "10"}, scans: "slots consumers workers", sorts: "slots that are free"},
		{query: "SlotRelease", args: []string{id, "'bank.watch'", someSlots}, scans: "slots"},
		{query: "SlotReleaseAll", args: []string{id}, scans: "slots"},
		{query: "HeldDue", sorts: "those that are due"},
		{query: "HandledForget", scans: "handled slots held", work: true, sorts: "what no consumer passed yet; the others are read only then"},
	}
}

// hotPages are those of pages, metrics and lists that people look at.
func hotPages(n int) []hot {
	last, some := fmt.Sprint(n), literalID("c", n/2)
	return []hot{
		{query: "OutcomeByStream", args: []string{someStream, someStamp, "50"}},
		{query: "RecentLog", args: []string{"true", "'%deposit%'", someTexts, someTexts, last, last + "-5000", "'%s%'", someKeys, "'%tester%'", "true", "50"}},
		{query: "RecentLog", args: []string{"false", "''", noTexts, noTexts, last, last + "-20000", "''", noTexts, "''", "true", "50"}, when: "events"},
		{query: "RecentApart", args: []string{"ARRAY['failed']", "'%deposit%'", someTexts, "'%s%'", someKeys, "'%tester%'", someTexts, someStamp, some, "2000"}},
		{query: "RecentApart", args: []string{noTexts, "''", noTexts, "''", noTexts, "''", noTexts, someStamp, some, "50"}, when: "all"},
		{query: "RecentWaiting", args: []string{someStamp, some, "'%deposit%'", someTexts, "'%s%'", someKeys, "'%tester%'", someTexts, "50"}, scans: "inbox inbox_stream", sorts: "what waits"},
		{query: "ParkedFirst", args: []string{aFew, "ARRAY[" + some + "]"}},
		{query: "TrafficCount", args: []string{last + "-5000", last}, sorts: "the counts", dear: "it reads 5,000 events"},
		{query: "ConversationOf", args: []string{some}},
		{query: "ConversationCommands", args: []string{some, "100"}},
		{query: "ConversationWaiting", args: []string{some, "100"}, scans: "inbox", sorts: "what waits"},
		{query: "ParkedList", args: []string{"''", "''", "''", "''", "50"}},
		{query: "HeldFind", args: []string{"'bank.watch'", someStream}},
		{query: "CommandsParked", args: []string{"''", "''", "50"}},
		{query: "CommandsParkedOf", args: []string{someStream, "50"}},
		{query: "ScheduleList", args: []string{longPast, literalID("0", 0), "500"}},
		{query: "StatusProcesses", scans: "workers", sorts: "live processes"},
		{query: "StatusConsumers", scans: "slots consumers workers held", sorts: "consumers"},
		{query: "StatusCommands", scans: "inbox outcomes_settling outcomes_parked"},
		{query: "WatchNumbers", args: []string{"10001"}, scans: "inbox workers outcomes_parked pg_database pg_authid", sorts: "the server's sessions"},
	}
}

// coldQueries are all others, and why nobody asks them often.
var coldQueries = map[string]string{}

func cold(why string, queries ...string) {
	for _, q := range queries {
		coldQueries[q] = why
	}
}

func init() {
	cold("it names no table, or only inserts what it is given", "LogSettings", "LogLock", "LogMark", "NoticeSend", "SlotSettings", "SnapshotSettings", "ForgetSettings",
		"UnitBegin", "UnitSettings", "EventInsert", "OutcomeInsert", "TagInsert", "HandledInsert", "BuildLock", "BuildHold", "WatchRole")
	cold("it names no table: those of its function are asked for as in StreamHeads and LogHead", "EventAppendAlone")
	cold("once when a process starts or stops", "SettingGet", "SettingInsert", "ConsumerFind", "ConsumerPut", "SlotInsert", "SlotRefold", "EpochFound",
		"FloorStatesBegin", "FloorReached", "ReactorForget", "WorkerLeave")
	cold("once for a build or a resize", "BuildFind", "BuildStart", "BuildAdvance", "BuildHeld", "BuildForget", "BuildEnd", "BuildSwap", "BuildFence",
		"DefinitionLive", "DefinitionKnown", "SlotDelete", "SlotFence", "SlotLock", "ConsumerResize", "ConsumerResized", "ConsumerLock", "HeldAll", "HeldClear", "HeldRehash")
	cold("a process asks for it twice a second at most, while commands come; it reads no table", "InboxWriters")
	cold("after an error of the surroundings; it finds its rows as SlotLoad does", "SlotRenew")
	cold("once for each time that something begins or ends being folded anew; its table has a row for each of those", "RefoldFind", "RefoldBegin", "RefoldEnd", "RefoldForget")
	cold("when an answer is awaited for seconds", "WatchBusy")
	cold("after a process died", "TrialUpto", "TrialList", "TrialBegin", "TrialEnd")
	cold("somebody looks at it: a few rows", "BuildList", "RefoldList")
	cold("a unit asks for it, once for a key", "ReactorBase")
	cold("an operator asks for it", "RefoldLeft", "EpochAdopt", "ConsumerStatus", "ParkedRetry", "ParkedDiscard", "CommandsUnpark", "CommandsDiscard")
	cold("export and import read or write all there is", "ExportLog", "ImportLog", "ImportLock", "ImportEmpty", "ImportSlotsClear", "ImportProjections", "ImportSlotsFree", "ImportInboxSequence")
	cold("archiving reads and deletes a whole range", "FloorBehind", "FloorUnanswered", "FloorTagged", "FloorStreams", "FloorInsert", "FloorStreamPut", "FloorStatesPut", "FloorRowsDelete", "FloorDelete", "FloorSnapshotsDelete", "FloorDiscarded", "FloorDiscardedDelete")
	cold("verification reads all there is", "VerifyVersions", "VerifyOutcomeEvents", "VerifyStrayEvents", "VerifyStatuses", "VerifyInbox", "VerifyOutcomeCount", "VerifyCheckpoints", "VerifyHeld")
}
