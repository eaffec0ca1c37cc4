package engine

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Column gathers what each row has in a column: a query's array parameter.
func Column[R, T any](list []R, of func(R) T) []T { return ConvertList(list, of) }

// ColumnText is Column where values may be absent: the text of an array, with NULL
// for nil. sqlc has no Go type for arrays with NULL.
func ColumnText[R, T any](list []R, of func(R) *T) string {
	return arrayText(list, func(text []byte, row R) []byte {
		value := of(row)
		if value == nil {
			return append(text, "NULL"...)
		}
		return appendElement(text, any(*value))
	})
}

// ColumnLists is Column for lists: each is the text of an array, because the rows
// of an array of arrays would all have to be equally long.
func ColumnLists[R, T any](list []R, of func(R) []T) []string {
	return ConvertList(list, func(row R) string { return listText(of(row)) })
}

// ColumnListsText is ColumnLists where lists may be absent: NULL for nil.
func ColumnListsText[R, T any](list []R, of func(R) []T) string {
	return arrayText(list, func(text []byte, row R) []byte {
		values := of(row)
		if values == nil {
			return append(text, "NULL"...)
		}
		return appendElement(text, listText(values))
	})
}

// Instant is the time as a timestamptz column keeps it: UTC, whole microseconds.
func Instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func listText[T any](list []T) string {
	return arrayText(list, func(text []byte, value T) []byte { return appendElement(text, any(value)) })
}

// arrayText writes an array as PostgreSQL reads it.
func arrayText[T any](list []T, element func([]byte, T) []byte) string {
	text := []byte{'{'}
	for i, value := range list {
		if i > 0 {
			text = append(text, ',')
		}
		text = element(text, value)
	}
	return string(append(text, '}'))
}

// appendElement writes an array's element: one of the Go types of a column.
func appendElement(text []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendQuoted(text, v)
	case int64:
		return strconv.AppendInt(text, v, 10)
	case float64:
		return strconv.AppendFloat(text, v, 'g', -1, 64)
	case bool:
		return strconv.AppendBool(text, v)
	case uuid.UUID:
		return append(text, v.String()...)
	case Date:
		return appendQuoted(text, dateText(v.Year, v.Month, v.Day, ""))
	case time.Time:
		v = Instant(v)
		return appendQuoted(text, dateText(v.Year(), v.Month(), v.Day(), v.Format(" 15:04:05.999999Z07:00")))
	}
	panic(fmt.Errorf("no column holds a list of %T", value))
}

// dateText writes years before 1 as PostgreSQL does: 0000 is 1 BC.
func dateText(year int, month time.Month, day int, clock string) string {
	era := ""
	if year < 1 {
		year, era = 1-year, " BC"
	}
	return fmt.Sprintf("%04d-%02d-%02d%s%s", year, month, day, clock, era)
}

var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func appendQuoted(text []byte, value string) []byte {
	text = append(text, '"')
	text = append(text, quoted.Replace(value)...)
	return append(text, '"')
}
