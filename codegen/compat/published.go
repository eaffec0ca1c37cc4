package compat

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/backstory-go/backstory/codegen/model"
	"github.com/backstory-go/backstory/codegen/source"
)

// Where the record of published versions lies, below the schemas folder.
const (
	PublishedFile   = "published.json"
	PublishedFolder = "published"
)

// GoldenFile is where the golden instances of an event version lie, below the
// schemas folder: a JSON array, each element of which must be readable for ever.
func GoldenFile(typ string, version int) string {
	return fmt.Sprintf("%s/%s.v%d.json", PublishedFolder, typ, version)
}

// record is published.json: event type → version → hash.
type record map[string]map[int]string

// encode writes the record sorted by type and version.
func (r record) encode() []byte {
	var b bytes.Buffer
	b.WriteString("{")
	for i, typ := range sortedKeys(r) {
		fmt.Fprintf(&b, "%s\n  %q: {", separator(i), typ)
		numbers := make([]int, 0, len(r[typ]))
		for version := range r[typ] {
			numbers = append(numbers, version)
		}
		slices.Sort(numbers)
		for j, version := range numbers {
			fmt.Fprintf(&b, "%s\n    \"%d\": %q", separator(j), version, r[typ][version])
		}
		b.WriteString("\n  }")
	}
	if len(r) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("}\n")
	return b.Bytes()
}

func separator(i int) string {
	if i > 0 {
		return ","
	}
	return ""
}

// readRecord reads published.json; without the file nothing is published.
func readRecord(tree *source.Tree) (record, source.Faults) {
	var faults source.Faults
	file := tree.File(source.Root + "/" + PublishedFile)
	if file == nil {
		return record{}, nil
	}
	if !file.Root.Is(source.Object) {
		faults.Add(source.Pos{File: file.Name}, codeRecord, "this is not the record that publish writes", "restore the file from the last commit")
		return nil, faults
	}
	published := record{}
	for _, typ := range file.Root.Members {
		published[typ.Key] = map[int]string{}
		if !typ.Value.Is(source.Object) {
			faults.Add(typ.Pos(), codeRecord, "an event type is recorded with an object of versions", "restore the file from the last commit")
			continue
		}
		for _, m := range typ.Value.Members {
			version, err := strconv.Atoi(m.Key)
			if err != nil || version < 1 || m.Value.Str() == "" {
				faults.Add(m.Pos(), codeRecord, "a version is recorded as a number with the hash of its schema", "restore the file from the last commit")
				continue
			}
			published[typ.Key][version] = m.Value.Text
		}
	}
	return published, faults
}

// Check compares the system with what was published: a published version must be
// there, mean the same to stored data, and read its golden instances. An event
// that was never published may change freely.
func Check(tree *source.Tree, system *model.System) source.Faults {
	published, faults := readRecord(tree)
	for _, typ := range sortedKeys(published) {
		for version, hash := range published[typ] {
			checkVersion(&faults, tree, system, typ, version, hash)
		}
	}
	prefix := source.Root + "/" + PublishedFolder + "/"
	for _, file := range tree.Files {
		if name, ok := strings.CutPrefix(file.Name, prefix); ok && !recorded(published, name) {
			faults.Add(source.Pos{File: file.Name}, codeGoldenStray, "no published version has these golden instances", "delete the file, or restore "+PublishedFile+" from the last commit")
		}
	}
	return faults.Sorted()
}

func recorded(published record, file string) bool {
	for typ, versions := range published {
		for version := range versions {
			if GoldenFile(typ, version) == PublishedFolder+"/"+file {
				return true
			}
		}
	}
	return false
}

// eventVersion is the schema that reads what is stored under a type and version.
func eventVersion(system *model.System, typ string, version int) (e, current *model.Event) {
	current, _ = eventOf(system, typ)
	if current == nil {
		return nil, nil
	}
	e, _ = find(versions(current), func(e *model.Event) bool { return e.Version == version })
	return e, current
}

func checkVersion(faults *source.Faults, tree *source.Tree, system *model.System, typ string, version int, hash string) {
	e, current := eventVersion(system, typ, version)
	if e == nil {
		pos, _ := tree.File(source.Root + "/" + PublishedFile).Key("/" + typ + "/" + strconv.Itoa(version))
		faults.Add(pos, codeVanished, fmt.Sprintf("version %d of %s was published and is gone, and the log holds it for ever", version, typ), vanishedRemedy(typ, version, current))
		return
	}
	problem, missing := checkGolden(tree, e, typ)
	switch {
	case missing:
		faults.Add(source.Pos{File: source.Root + "/" + PublishedFile}, codeGoldenMissing,
			fmt.Sprintf("the golden instances of version %d of %s are not there", version, typ), "restore "+source.Root+"/"+GoldenFile(typ, version)+" from the last commit, or run publish")
	case problem != "":
		faults.Add(e.Pos, codeGolden, fmt.Sprintf("version %d of %s can no longer read what was stored: %s", version, typ, problem), versionRemedy(e, current))
	case hash != Hash(e.Body):
		faults.Add(e.Pos, codeChanged, fmt.Sprintf("version %d of %s was published and means something else to stored data now", version, typ),
			versionRemedy(e, current)+"; if the change is one that the log survives, record it with publish")
	}
}

func vanishedRemedy(typ string, version int, current *model.Event) string {
	if current != nil {
		return fmt.Sprintf("restore its file as %s.v%d.json", current.Name, version)
	}
	return fmt.Sprintf("restore its file; if nobody may emit the event any more, add \"x-retired\": true to it; if it has a new name, write \"x-renamed-from\": [%q] into the new file", typ)
}

// checkGolden reads the golden instances as stored data is read.
func checkGolden(tree *source.Tree, e *model.Event, typ string) (problem string, missing bool) {
	file := tree.File(source.Root + "/" + GoldenFile(typ, e.Version))
	if file == nil {
		return "", true
	}
	if !file.Root.Is(source.Array) {
		return file.Name + " is not the array that publish writes", false
	}
	for i, item := range file.Root.Items {
		if problem := Readable(e.Body, item.Raw()); problem != "" {
			return fmt.Sprintf("of %s, instance %d, %s", GoldenFile(typ, e.Version), i+1, problem), false
		}
	}
	return "", false
}
