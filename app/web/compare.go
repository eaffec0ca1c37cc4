package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// comparison is what differs between two versions of a list, for people.
type comparison struct {
	With  int64 // the version compared with; 0: none
	Lines []difference
}

// difference is one thing that is not the same.
type difference struct {
	Kind string // added, removed, changed, done, open, moved or name
	Text string
	Was  string // of changed and name
}

// compare reads the version that the page is to be compared with, if it names one.
func (s *Server) compare(r *http.Request, l todoList) (comparison, error) {
	with, err := strconv.ParseInt(r.URL.Query().Get("with"), 10, 64)
	if err != nil || with < 1 || with > l.Head || with == l.Version {
		return comparison{}, nil //nolint:nilerr // a number that names no version compares with nothing
	}
	other, err := s.source.list(r.Context(), l.ID, with)
	if err != nil {
		return comparison{}, fmt.Errorf("compare with version %d: %w", with, err)
	}
	older, newer := l, other
	if with < l.Version {
		older, newer = other, l
	}
	return comparison{With: with, Lines: differences(older, newer)}, nil
}

// differences tells what happened to a list from an older to a newer version.
func differences(older, newer todoList) (lines []difference) {
	if older.Name != newer.Name {
		lines = append(lines, difference{"name", newer.Name, older.Name})
	}
	for _, item := range newer.Items {
		was, there := older.item(item.ID)
		switch {
		case !there:
			lines = append(lines, difference{Kind: "added", Text: item.Text})
			continue
		case was.Text != item.Text:
			lines = append(lines, difference{"changed", item.Text, was.Text})
		}
		if was.Done != item.Done {
			lines = append(lines, difference{Kind: doneWord(item.Done), Text: item.Text})
		}
	}
	for _, item := range older.Items {
		if _, there := newer.item(item.ID); !there {
			lines = append(lines, difference{Kind: "removed", Text: item.Text})
		}
	}
	return append(lines, moves(older, newer)...)
}

// moves names the items that stand elsewhere among those which both versions
// have: as few as explain the new order.
func moves(older, newer todoList) (lines []difference) {
	place := map[string]int{}
	for i, item := range older.Items {
		place[item.ID] = i
	}
	common := slices.DeleteFunc(slices.Clone(newer.Items), func(item todoItem) bool { _, ok := place[item.ID]; return !ok })
	stay := longestRun(common, func(item todoItem) int { return place[item.ID] })
	for i, item := range common {
		if !stay[i] {
			lines = append(lines, difference{Kind: "moved", Text: item.Text})
		}
	}
	return lines
}

// longestRun marks a longest increasing subsequence of the items by rank.
func longestRun(items []todoItem, rank func(todoItem) int) []bool {
	length, before := make([]int, len(items)), make([]int, len(items))
	best := -1
	for i := range items {
		length[i], before[i] = 1, -1
		for j := range i {
			if rank(items[j]) < rank(items[i]) && length[j]+1 > length[i] {
				length[i], before[i] = length[j]+1, j
			}
		}
		if best < 0 || length[i] > length[best] {
			best = i
		}
	}
	in := make([]bool, len(items))
	for ; best >= 0; best = before[best] {
		in[best] = true
	}
	return in
}

// item finds an item by its id.
func (l todoList) item(id string) (todoItem, bool) {
	for _, item := range l.Items {
		if item.ID == id {
			return item, true
		}
	}
	return todoItem{}, false
}

// words says a difference to people.
func (d difference) words() string {
	switch d.Kind {
	case "name":
		return "Renamed"
	case "added":
		return "Added"
	case "removed":
		return "Removed"
	case "changed":
		return "Changed"
	case "moved":
		return "Moved"
	case "done":
		return "Done"
	}
	return "Reopened"
}
