package engine

import "strings"

// lineDiff shows how b differs from a, line by line: "-" only in a, "+" only in b.
func lineDiff(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	common := commonSuffixes(x, y)
	var out strings.Builder
	write := func(mark, line string) { out.WriteString(mark + " " + line + "\n") }
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			write(" ", x[i])
			i, j = i+1, j+1
		case j == len(y) || i < len(x) && common[i+1][j] >= common[i][j+1]:
			write("-", x[i])
			i++
		default:
			write("+", y[j])
			j++
		}
	}
	return out.String()
}

// commonSuffixes holds at [i][j] how many lines x[i:] and y[j:] have in common.
func commonSuffixes(x, y []string) [][]int {
	common := make([][]int, len(x)+1)
	for i := range common {
		common[i] = make([]int, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	return common
}
