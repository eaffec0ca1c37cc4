package starter

import (
	"bytes"
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:embed all:files
var files embed.FS

// placeholder is the module path in the files.
const placeholder = "example.com/starter"

// Files are the files of a new project by path, without go.mod and go.sum.
func Files(module string) (map[string][]byte, error) {
	out := map[string][]byte{}
	err := fs.WalkDir(files, "files", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		out[target(name)] = bytes.ReplaceAll(data, []byte(placeholder), []byte(module))
		return nil
	})
	return out, err
}

// target is where a file lies in a project. Names that would mean something to
// Go or Git here do not have their own.
func target(name string) string {
	name = strings.TrimSuffix(strings.TrimPrefix(name, "files/"), ".tmpl")
	if base := path.Base(name); strings.HasPrefix(base, "git") {
		return path.Join(path.Dir(name), "."+base)
	}
	return name
}
