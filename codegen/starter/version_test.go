package starter

import (
	"runtime/debug"
	"strings"
	"testing"
)

// TestFetched wants versions that others can fetch too, and no stamp of a
// checkout.
func TestFetched(t *testing.T) {
	ours := func(version, sum string, replace *debug.Module) debug.Module {
		return debug.Module{Path: Backstory, Version: version, Sum: sum, Replace: replace}
	}
	theirs := debug.Module{Path: "example.com/shop", Version: "(devel)"}
	dep := ours("v0.3.0", "h1:x", nil)
	local := ours("v0.0.0", "", &debug.Module{Path: "/home/ann/backstory"})
	for _, test := range []struct {
		name    string
		info    debug.BuildInfo
		version string
		refused string
	}{
		{"go run of a version", debug.BuildInfo{GoVersion: "go1.26.8", Main: ours("v0.3.0", "h1:x", nil)}, "v0.3.0", ""},
		{"a tool of another module", debug.BuildInfo{GoVersion: "go1.26.8", Main: theirs, Deps: []*debug.Module{&dep}}, "v0.3.0", ""},
		{"Go with an experiment", debug.BuildInfo{GoVersion: "go1.26.8 X:jsonv2", Main: ours("v0.3.0", "h1:x", nil)}, "v0.3.0", ""},
		{"go run in a checkout", debug.BuildInfo{Main: ours("(devel)", "", nil)}, "", "--replace <the checkout's folder>"},
		{"go build in a checkout", debug.BuildInfo{Main: ours("v0.0.0-20261127140000-3966181aaaaa", "", nil)}, "", "built from a checkout"},
		{"with changes", debug.BuildInfo{Main: ours("v0.3.1-0.20261127140000-3966181aaaaa+dirty", "", nil)}, "", "built from a checkout"},
		{"a replaced tool", debug.BuildInfo{Main: theirs, Deps: []*debug.Module{&local}}, "", "--replace /home/ann/backstory"},
		{"nothing known", debug.BuildInfo{}, "", "codegen@latest init"},
	} {
		t.Run(test.name, func(t *testing.T) {
			version, goVersion, err := fetched(&test.info)
			if version != test.version || (err != nil) != (test.refused != "") {
				t.Fatalf("got %q and %v", version, err)
			}
			if err != nil && !strings.Contains(err.Error(), test.refused) {
				t.Errorf("got %v, want %q in it", err, test.refused)
			}
			if err == nil && goVersion != "1.26.8" {
				t.Errorf("got Go %q", goVersion)
			}
		})
	}
}

func TestFetchableSaysWhatToDo(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	err := fetchable(t.Context(), "v0.999.0")
	if err == nil || !strings.Contains(err.Error(), "nothing was written") || !strings.Contains(err.Error(), "--replace") {
		t.Errorf("got %v", err)
	}
}
