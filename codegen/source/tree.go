package source

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// Root is the folder that every file name begins with, whatever the folder is
// called on the disk: positions are relative to the project.
const Root = "schemas"

// Limits keep a broken or hostile file from taking the compiler down. Real
// schemas stay a hundred times below them.
const (
	maxFileBytes = 1 << 20
	maxDepth     = 64
	maxItems     = 5000
	maxNumber    = 400 // characters of a number
)

// Tree is a schemas folder in memory.
type Tree struct {
	Files  []*File // by name
	byName map[string]*File
}

// File is one schema file and the index of its positions.
type File struct {
	Name string // schemas/todos/list/actor.json
	Path string // below schemas: todos/list/actor.json
	Root *Node  // nil when the file could not be parsed
	// Damaged says that reading the file found a fault, so that nothing may be
	// made of it; with a Root it can still be checked for others.
	Damaged bool

	data  []byte
	lines []int // offsets of line starts
	index map[*Node]map[string]*Member
}

// Read reads the JSON files of a schemas folder. The tree holds every file, also
// those that could not be read, which are damaged.
func Read(dir string) (*Tree, Faults) {
	files := folder{readable: map[string][]byte{}}
	var faults Faults
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(dir, name)
		if relErr != nil {
			return relErr
		}
		return readEntry(&files, &faults, name, filepath.ToSlash(rel), entry, err)
	})
	if err != nil {
		faults.Add(Pos{File: Root}, CodeUnreadable, "the folder cannot be read: "+reason(err), "make sure that the folder "+Root+" exists and may be read")
	}
	tree, more := New(files.readable)
	for _, name := range files.unreadable {
		tree.add(&File{Name: path.Join(Root, name), Path: name, Damaged: true, lines: []int{0}, index: map[*Node]map[string]*Member{}})
	}
	return tree, append(faults, more...).Sorted()
}

// folder is what Read has found: path below schemas → bytes, and the paths of
// the files that are there and cannot be read.
type folder struct {
	readable   map[string][]byte
	unreadable []string
}

func readEntry(files *folder, faults *Faults, name, rel string, entry fs.DirEntry, err error) error {
	pos := Pos{File: path.Join(Root, rel)}
	if err != nil {
		if rel == "." {
			return err
		}
		faults.Add(pos, CodeUnreadable, "this cannot be read: "+reason(err), "make it readable or take it out of the folder")
		return nil
	}
	if strings.HasPrefix(entry.Name(), ".") && rel != "." {
		if entry.IsDir() {
			return filepath.SkipDir
		}
		return nil
	}
	if entry.IsDir() {
		return nil
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		faults.Add(pos, CodeUnreadable, "this is a link to a folder, and links to folders are not followed", "put the folder itself here, or delete the link")
		return nil
	}
	switch strings.ToLower(path.Ext(rel)) {
	case ".json":
	case ".yaml", ".yml", ".jsonc", ".json5":
		faults.Add(pos, CodeNotJSON, "schemas are read from .json files only, so this file would be ignored", "write it as JSON in a file that ends in .json")
		return nil
	default:
		return nil
	}
	data, why := readRegular(name)
	if why != "" {
		faults.Add(pos, CodeUnreadable, "this file cannot be read: "+why, "make it a readable regular file of at most 1 MiB")
		files.unreadable = append(files.unreadable, rel)
		return nil
	}
	files.readable[rel] = data
	return nil
}

// readRegular reads a file, but no pipe, device or folder behind a link, which
// could block or loop.
func readRegular(name string) (data []byte, why string) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, reason(err)
	case !info.Mode().IsRegular():
		return nil, "it is not a regular file"
	case info.Size() > maxFileBytes:
		return nil, "it is larger than 1 MiB"
	}
	data, err = os.ReadFile(name)
	if err != nil {
		return nil, reason(err)
	}
	return data, ""
}

// reason drops the path from an error: it stands in the position already, and
// differs from machine to machine.
func reason(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// New makes a tree of files in memory: path below schemas → bytes. It is what
// Read does after the disk.
func New(files map[string][]byte) (*Tree, Faults) {
	tree := &Tree{byName: map[string]*File{}}
	var faults Faults
	for _, name := range slices.Sorted(maps.Keys(files)) {
		tree.add(newFile(name, files[name], &faults))
	}
	return tree, faults.Sorted()
}

// add puts a file in its place.
func (t *Tree) add(file *File) {
	at, _ := slices.BinarySearchFunc(t.Files, file.Name, func(f *File, name string) int { return strings.Compare(f.Name, name) })
	t.Files = slices.Insert(t.Files, at, file)
	t.byName[file.Name] = file
}

func newFile(name string, data []byte, faults *Faults) *File {
	data = bytes.TrimPrefix(data, []byte("\uFEFF")) // Windows editors write it; it says nothing
	file := &File{Name: path.Join(Root, name), Path: name, data: data, lines: []int{0}, index: map[*Node]map[string]*Member{}}
	for i, c := range data {
		if c == '\n' {
			file.lines = append(file.lines, i+1)
		}
	}
	if len(data) > maxFileBytes {
		faults.Add(Pos{File: file.Name}, CodeTooLarge, "the file is larger than 1 MiB", "split it into several schemas")
		file.Damaged = true
		return file
	}
	if at := invalidUTF8(data); at >= 0 {
		what := "the file is not UTF-8 from here on"
		if bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) {
			what = "the file is UTF-16"
		}
		faults.Add(file.pos(at), CodeEncoding, what, "save the file as UTF-8")
		file.Damaged = true
		return file
	}
	file.Root = parse(file, faults)
	return file
}

func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return -1
}

// File returns the file of that name (schemas/…), nil when there is none.
func (t *Tree) File(name string) *File {
	if t == nil {
		return nil
	}
	return t.byName[name]
}

// Bytes is what the file holds, without a byte order mark. The caller must not
// change it.
func (f *File) Bytes() []byte { return f.data }

// Line returns the text of a line, counted from 1, without its end.
func (f *File) Line(number int) (string, bool) {
	if number < 1 || number > len(f.lines) {
		return "", false
	}
	start, end := f.lines[number-1], len(f.data)
	if number < len(f.lines) {
		end = f.lines[number] - 1
	} else if start == end && number > 1 {
		return "", false // what follows the last line end is no line
	}
	return strings.TrimSuffix(string(f.data[start:end]), "\r"), true
}

// Value is the place of the value at a JSON pointer; false when it leads
// nowhere.
func (f *File) Value(pointer string) (Pos, bool) {
	if n := f.Root.Find(pointer); n != nil {
		return n.Pos(), true
	}
	return Pos{File: f.Name}, false
}

// Key is the place of the key that holds the value at a JSON pointer; false
// when it leads nowhere.
func (f *File) Key(pointer string) (Pos, bool) {
	if n := f.Root.Find(pointer); n != nil {
		return n.KeyPos(), true
	}
	return Pos{File: f.Name}, false
}

// pos turns a byte offset into a line and a column of code points.
func (f *File) pos(offset int) Pos {
	line := sort.SearchInts(f.lines, offset+1)
	start := f.lines[line-1]
	return Pos{File: f.Name, Line: line, Column: utf8.RuneCount(f.data[start:offset]) + 1}
}
