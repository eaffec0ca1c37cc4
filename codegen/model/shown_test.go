package model

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEveryKeywordIsShown wants each keyword of the dialect used as it is meant in
// the valid schemas that tests compile, and misused in a case of testdata/faults.
func TestEveryKeywordIsShown(t *testing.T) {
	good := everything(t, "testdata/base", "../emit/testdata", "../systems/testdata")
	wrong := everything(t, "testdata/faults")
	parts := []string{"on", "name", "dispatches", "after", "on_refused", "on_parked", "calls", "where", "order", "limit", "one", "op", "accepted", "refused", "within", "at", "data"}
	for _, keyword := range slices.Concat(sortedKeys(homes()), constraints(), parts) {
		use := []byte(`"` + keyword + `":`)
		if !bytes.Contains(good, use) && unsupported()[keyword] == "" {
			t.Errorf("no valid schema uses %s", keyword)
		}
		if !bytes.Contains(wrong, use) {
			t.Errorf("no case of testdata/faults has %s", keyword)
		}
	}
}

func everything(t *testing.T, folders ...string) []byte {
	t.Helper()
	var all bytes.Buffer
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".json") {
				return err
			}
			data, err := os.ReadFile(name)
			all.Write(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.Bytes()
}
