// Package golden compares what a test made with the file that holds what it
// should make. With the flag -update the test writes the file instead; look at
// the difference before committing it.
package golden

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Update says whether the test should write its golden files, for tests whose
// files are more than one text.
func Update() bool { return *update }

// Check fails the test when the file at path, relative to the package's folder,
// is not what was got.
func Check(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); look at it, then -update writes the file:\n%s", path, diff)
	}
}
