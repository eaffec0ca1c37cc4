package compat

import (
	"bytes"
	"encoding/json"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

// Publish records every version of every event: path below the schemas folder →
// bytes, of the files that are new or differ. What is recorded stays: golden
// instances are added to, never replaced, and a published version may only change
// in ways that the log survives. To judge that, before is the schemas as they were
// recorded (see LastPublished); without them no published version may change. The
// error is a source.Faults when a published version is gone or has changed
// otherwise, or when no instance of an event can be made.
func Publish(now, before Side) (map[string][]byte, error) {
	published, faults := readRecord(now.Tree)
	faults = append(faults, renewed(published, now, before)...)
	if len(faults) > 0 {
		return nil, faults.Sorted()
	}
	files := map[string][]byte{}
	for _, current := range eventsOf(now.System) {
		for _, e := range versions(current) {
			if published[e.Type] == nil {
				published[e.Type] = map[int]string{}
			}
			published[e.Type][e.Version] = Hash(e.Body)
			if err := addGolden(files, now.Tree, e); err != nil {
				faults = append(faults, *err)
			}
		}
	}
	files[PublishedFile] = published.encode()
	for name, data := range files {
		if old := now.Tree.File(source.Root + "/" + name); old != nil && bytes.Equal(old.Bytes(), data) {
			delete(files, name)
		}
	}
	return files, faults.Sorted().Err()
}

// renewed brings the hashes of what is recorded up to date, or says why not.
func renewed(published record, now, before Side) source.Faults {
	var faults source.Faults
	for _, typ := range sortedKeys(published) {
		for version, hash := range published[typ] {
			var found source.Faults
			checkVersion(&found, now.Tree, now.System, typ, version, hash)
			e, current := eventVersion(now.System, typ, version)
			for _, fault := range found {
				switch fault.Code {
				case codeGoldenMissing: // they are made anew
				case codeChanged:
					faults = append(faults, unsurvived(fault, before, current, typ, version, hash)...)
				default:
					faults = append(faults, fault)
				}
			}
			if e != nil {
				published[typ][version] = Hash(e.Body)
			}
		}
	}
	return faults
}

// unsurvived is what the log would not survive of a change to a published
// version: the change itself, when what was published is not at hand.
func unsurvived(fault source.Fault, before Side, current *model.Event, typ string, version int, hash string) source.Faults {
	if before.System == nil {
		return source.Faults{fault}
	}
	old, _ := eventVersion(before.System, typ, version)
	if old == nil || Hash(old.Body) != hash {
		return source.Faults{fault}
	}
	c := newComparer(before, Side{})
	c.version(old, current)
	return c.findings.Under(Log).Faults()
}

// addGolden adds the instances of a version that its file lacks.
func addGolden(files map[string][]byte, tree *source.Tree, e *model.Event) *source.Fault {
	name := GoldenFile(e.Type, e.Version)
	var list []json.RawMessage
	seen := map[string]bool{}
	if old := tree.File(source.Root + "/" + name); old != nil && old.Root.Is(source.Array) {
		for _, item := range old.Root.Items {
			list = append(list, item.Raw())
			seen[canonical(item.Raw())] = true
		}
	}
	made, why := goldens(e)
	if why != "" {
		return &source.Fault{Pos: e.Pos, Code: codeNoInstance, Message: "no golden instance can be made of " + e.Type + ": " + why, Remedy: "add a whole valid instance to \"examples\" of the event"}
	}
	for _, data := range made {
		if key := canonical(data); !seen[key] {
			seen[key] = true
			list = append(list, data)
		}
	}
	files[name] = encodeGoldens(list)
	return nil
}

// goldens makes one full instance for each arm of the widest choice, and the
// least one; where that fails, the examples of the event must do.
func goldens(e *model.Event) (list []json.RawMessage, why string) {
	for _, choose := range variants(e.Body) {
		data, problem := instance(e.Body, choose)
		if problem != "" {
			if len(e.Examples) > 0 {
				return e.Examples, ""
			}
			return nil, problem
		}
		list = append(list, data)
	}
	return list, ""
}

func encodeGoldens(list []json.RawMessage) []byte {
	var raw, out bytes.Buffer
	raw.WriteByte('[')
	for i, item := range list {
		raw.WriteString(separator(i))
		raw.Write(item)
	}
	raw.WriteByte(']')
	if json.Indent(&out, raw.Bytes(), "", "  ") != nil {
		return raw.Bytes() // cannot be: its parts are JSON
	}
	out.WriteByte('\n')
	return out.Bytes()
}
