package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"regexp"
	"slices"

	"github.com/backstory-go/backstory/codegen/sqlc"
)

// ManifestFile lists what the generator owns.
const ManifestFile = "generated/manifest.json"

// manifest is the generator's memory: with it, a file that somebody edited is
// told from one that is merely old.
type manifest struct {
	Tools map[string]string `json:"tools"`
	SQLC  sqlcRecord        `json:"sqlc"`
	Files map[string]string `json:"files"` // path → sha256
}

// sqlcRecord says what sqlc made and of what, so that it need not run again.
type sqlcRecord struct {
	Input   string   `json:"input"`
	Outputs []string `json:"outputs"`
}

// memory is an old manifest as it can still be read. After a merge it may hold
// both sides, so a path may have two hashes.
type memory struct {
	sqlc   sqlcRecord
	hashes map[string][]string
}

func (m memory) lists(path string) bool { return len(m.hashes[path]) > 0 }

// has reports whether the file still is what the generator wrote.
func (m memory) has(path string, data []byte) bool {
	return slices.Contains(m.hashes[path], hash(data))
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (m manifest) encode() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(m)
	return out.Bytes(), err
}

// recall reads an old manifest. One that a merge left broken is read line by
// line: a conflict in a generated file must never block generation.
func recall(data []byte) memory {
	old := memory{hashes: map[string][]string{}}
	var m manifest
	if json.Unmarshal(data, &m) == nil {
		old.sqlc = m.SQLC
		for path, sum := range m.Files {
			old.hashes[path] = []string{sum}
		}
		return old
	}
	entry := regexp.MustCompile(`(?m)^\s*"([^"]+)": "([0-9a-f]{64})",?\r?$`)
	for _, found := range entry.FindAllStringSubmatch(string(data), -1) {
		old.hashes[found[1]] = append(old.hashes[found[1]], found[2])
	}
	return old
}

// Inputs are the files and folders that a plan reads in a project without a
// configuration, besides those that the manifest lists.
func Inputs() []string {
	return []string{"schemas", "queries", "generated", "docs/diagrams", "docs/catalog", "docs/asyncapi.json", "docs/openapi.json", "README.md", "go.mod", "sqlc.yaml", "sqlc.yml", "sqlc.json", sqlc.ToolFile}
}

// Owned lists the paths that a manifest knows, sorted.
func Owned(data []byte) []string { return slices.Sorted(maps.Keys(recall(data).hashes)) }
