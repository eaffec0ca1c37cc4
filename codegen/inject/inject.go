// Package inject replaces marked blocks of a hand-written text file, such as
// README.md, and leaves every other byte as it is.
//
// It owns the grammar of the markers: two lines
//
//	<!-- backstory:begin flow todos -->
//	<!-- backstory:end flow todos -->
//
// each alone on its line, outside code fences, with an id ("flow todos") that
// occurs once. What stands between them is generated. It does not know what the
// ids mean and touches no disk; packages plan and hook import it.
//
// Invariant: Replace is pure and idempotent, keeps the file's line endings, and
// never guesses: a file whose markers are not in order is refused.
package inject

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Problem is a marker that is missing or out of order.
type Problem struct {
	Line    int    // from 1; 0: the whole file
	Message string // one sentence without a full stop
	Remedy  string // what to write, perhaps over several lines
}

// Error says where and what, without the remedy.
func (p *Problem) Error() string {
	if p.Line == 0 {
		return p.Message
	}
	return fmt.Sprintf("line %d: %s", p.Line, p.Message)
}

// Markers returns the two lines that a block needs.
func Markers(id string) (begin, end string) {
	return "<!-- backstory:begin " + id + " -->", "<!-- backstory:end " + id + " -->"
}

// Block is what is to stand between the markers of an id.
type Block struct{ ID, Body string }

// Replace returns the file with body between the markers of id, a blank line
// before and after it. Its error is a *Problem.
func Replace(file []byte, id, body string) ([]byte, error) {
	updated, problems := ReplaceAll(file, []Block{{id, body}})
	if len(problems) > 0 {
		return nil, problems[0]
	}
	return updated, nil
}

// ReplaceAll returns the file with every block in its place, or the file as it is
// and what is wrong with the markers, one problem for a block.
func ReplaceAll(file []byte, blocks []Block) ([]byte, []*Problem) {
	markers := scan(file)
	regions, bodies := []region{}, map[int]string{} // by start
	var problems []*Problem
	for _, block := range blocks {
		r, problem := find(markers, block.ID)
		if problem != nil {
			problems = append(problems, problem)
			continue
		}
		regions, bodies[r.start] = append(regions, r), block.Body
	}
	if len(problems) > 0 {
		return file, problems
	}
	slices.SortFunc(regions, func(a, b region) int { return cmp.Compare(a.start, b.start) })
	var out bytes.Buffer
	at := 0
	for _, r := range regions {
		out.Write(file[at:r.start])
		out.WriteString(framed(bodies[r.start], r.crlf))
		at = r.end
	}
	out.Write(file[at:])
	return out.Bytes(), nil
}

// framed puts a blank line before and after a body.
func framed(body string, crlf bool) string {
	text := strings.Trim(strings.ReplaceAll(body, "\r\n", "\n"), "\n")
	if text != "" {
		text = "\n" + text + "\n\n"
	}
	if crlf {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}

// Body returns what stands between the markers of id, with "\n" at line ends.
// Its error is a *Problem.
func Body(file []byte, id string) (string, error) {
	r, problem := find(scan(file), id)
	if problem != nil {
		return "", problem
	}
	return strings.ReplaceAll(string(file[r.start:r.end]), "\r\n", "\n"), nil
}

// IDs returns the ids of the begin markers in the order of the file, and the
// line of each. It does not judge their order.
func IDs(file []byte) (ids []string, lines []int) {
	for _, m := range scan(file) {
		if m.begin {
			ids, lines = append(ids, m.id), append(lines, m.line)
		}
	}
	return ids, lines
}

// region is the place between two markers.
type region struct {
	start, end int
	crlf       bool
}

// marker is one marker line.
type marker struct {
	id         string
	begin      bool
	line       int // from 1
	start, end int // offsets of the line; end is after its line ending
	crlf       bool
}

func find(markers []marker, id string) (region, *Problem) {
	begin, end := Markers(id)
	var open, closed *marker
	for _, m := range markers {
		switch {
		case m.id != id:
			if open != nil && closed == nil {
				return region{}, &Problem{m.line, fmt.Sprintf("this marker stands inside the block %q, which began in line %d", id, open.line),
					"end that block before it with the line\n" + end}
			}
		case m.begin && open != nil:
			return region{}, &Problem{m.line, fmt.Sprintf("the block %q begins a second time, first in line %d", id, open.line), "keep one of the two"}
		case m.begin:
			open = &m
		case open == nil:
			return region{}, &Problem{m.line, fmt.Sprintf("the block %q ends before it begins", id), "put the line\n" + begin + "\nbefore it"}
		case closed != nil:
			return region{}, &Problem{m.line, fmt.Sprintf("the block %q ends a second time, first in line %d", id, closed.line), "keep one of the two"}
		default:
			closed = &m
		}
	}
	switch {
	case open == nil:
		return region{}, &Problem{0, fmt.Sprintf("the markers of the block %q are missing", id), "add these two lines where it shall stand, outside code fences:\n" + begin + "\n" + end}
	case closed == nil:
		return region{}, &Problem{open.line, fmt.Sprintf("the block %q has no end", id), "add the line\n" + end + "\nafter it; the two lines of a block are\n" + begin + "\n" + end}
	}
	return region{open.end, closed.start, open.crlf}, nil
}

// scan finds the marker lines. Inside a block fences are not looked at: what
// stands there is ours, and half a fence left by a merge must not hide the end.
func scan(file []byte) []marker {
	var found []marker
	var fence string
	inside := false
	for number, offset := 1, 0; offset < len(file); number++ {
		end := len(file)
		if i := bytes.IndexByte(file[offset:], '\n'); i >= 0 {
			end = offset + i + 1
		}
		raw := file[offset:end]
		line := strings.TrimRight(strings.TrimPrefix(string(raw), "\uFEFF"), "\r\n")
		if !inside {
			fence = nextFence(fence, line)
		}
		if m := markerParts(line); m != nil && (inside || fence == "") {
			inside = m[1] == "begin"
			found = append(found, marker{strings.Join(strings.Fields(m[2]), " "), inside, number, offset, end, bytes.HasSuffix(raw, []byte("\r\n"))})
			fence = ""
		}
		offset = end
	}
	return found
}

var markerLine = regexp.MustCompile(`^ {0,3}<!--\s*backstory:(begin|end)\s+(.*?)\s*-->\s*$`)

// markerParts are the line, its "begin" or "end", and its id; nil for any other
// line.
func markerParts(line string) []string {
	if !strings.Contains(line, "backstory:") {
		return nil
	}
	return markerLine.FindStringSubmatch(line)
}

// nextFence returns the fence that is open after the line, as CommonMark has
// it: closed by at least as many of the same characters and nothing else.
func nextFence(open, line string) string {
	text := strings.TrimLeft(line, " ")
	if len(line)-len(text) > 3 {
		return open
	}
	n := 0
	for n < len(text) && (text[n] == '`' || text[n] == '~') && text[n] == text[0] {
		n++
	}
	if n < 3 {
		return open
	}
	rest := text[n:]
	switch {
	case open == "" && text[0] == '`' && strings.Contains(rest, "`"):
		return "" // inline code
	case open == "":
		return text[:n]
	case text[0] == open[0] && n >= len(open) && strings.TrimSpace(rest) == "":
		return ""
	}
	return open
}
