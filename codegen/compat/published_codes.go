package compat

import "github.com/backstory-go/backstory/codegen/source"

// The codes of faults against what was published.
const (
	codeChanged       = "BS3101"
	codeVanished      = "BS3102"
	codeGolden        = "BS3103"
	codeGoldenMissing = "BS3104"
	codeGoldenStray   = "BS3105"
	codeRecord        = "BS3106"
	codeNoInstance    = "BS3107"
)

func publishedCodes() []source.Code {
	return []source.Code{
		{ID: codeChanged, Name: "published version changed", Explanation: "Events of the version are stored, and the schema says of them now what was not true when they were written.", Remedy: "Keep what was published as <event>.v<N>.json and make the change in a new version."},
		{ID: codeVanished, Name: "published version gone", Explanation: "Events of the version are stored for ever, so somebody must be able to read them.", Remedy: "Restore the file, with \"x-retired\": true if nobody may emit the event any more."},
		{ID: codeGolden, Name: "golden instance unreadable", Explanation: "The golden instances stand for what the log holds: if one of them cannot be read, neither can the log.", Remedy: "Keep what was published as <event>.v<N>.json and make the change in a new version."},
		{ID: codeGoldenMissing, Name: "golden instances missing", Explanation: "Every published version has golden instances, which show that it can still be read.", Remedy: "Restore the file from the last commit, or run publish."},
		{ID: codeGoldenStray, Name: "golden instances of nothing", Explanation: "The file belongs to no version that published.json records, so nobody checks it.", Remedy: "Delete it, or restore published.json."},
		{ID: codeRecord, Name: "published.json damaged", Explanation: "The record of what was published is written by publish only, and cannot be guessed.", Remedy: "Restore it from the last commit."},
		{ID: codeNoInstance, Name: "no instance found", Explanation: "The constraints together are too narrow for an instance to be found by trying.", Remedy: "Add a whole valid instance to \"examples\" of the event."},
	}
}
