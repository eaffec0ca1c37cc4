package starter

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Backstory is the path of this module.
const Backstory = "github.com/backstory-go/backstory"

// local returns go.mod and go.sum of a project that uses the checkout in the
// folder replace: with what that requires, so that nothing needs to be looked up.
func local(module, replace string) (mod, sum []byte, err error) {
	ours, err := os.ReadFile(filepath.Join(replace, "go.mod"))
	if err != nil {
		return nil, nil, err
	}
	var rest strings.Builder
	found := false
	for line := range strings.Lines(string(ours)) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] == "module" {
			found = fields[1] == Backstory
			continue
		}
		rest.WriteString(line)
	}
	if !found {
		return nil, nil, fmt.Errorf("%s is no checkout of %s", replace, Backstory)
	}
	text := fmt.Sprintf("module %s\n%s\ntool %s/codegen\n\nrequire %[3]s v0.0.0\n\nreplace %[3]s => %s\n", module, rest.String(), Backstory, quoted(replace))
	sum, err = os.ReadFile(filepath.Join(replace, "go.sum"))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return []byte(text), sum, err
}

// quoted is a path as go.mod writes it.
func quoted(path string) string {
	if strings.ContainsAny(path, " \t\"'`(),[]{}") {
		return strconv.Quote(path)
	}
	return path
}

// published returns go.mod of a project that uses a version of this module.
func published(module, version, goVersion string) []byte {
	return fmt.Appendf(nil, "module %s\n\ngo %s\n\ntool %s/codegen\n\nrequire %[3]s %s\n", module, goVersion, Backstory, version)
}
