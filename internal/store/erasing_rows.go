package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/phone"
)

// isOnTheWay is the column that holds the result of a rule's onTheWay.
const isOnTheWay = "is_on_the_way"

// erasingRow maps the columns of a row to their values.
type erasingRow map[string]any

// text returns a column as text.
func (r erasingRow) text(column string) string {
	switch value := r[column].(type) {
	case string:
		return value
	case []byte:
		return string(value)
	}
	return ""
}

// columns returns the columns that the rule needs.
func (r *erasingRule) columns() []string {
	all := slices.Concat(r.key, r.owners, r.words, r.documents, r.ids, slices.Sorted(maps.Keys(r.names)))
	if r.configuration != "" {
		all = append(all, r.configuration)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// searchTable searches the rows of a table.
func (e *erasing) searchTable(ctx context.Context, q querier, r *erasingRule) error {
	columns := r.columns()
	selected := slices.Clone(columns)
	if r.onTheWay != "" {
		columns, selected = append(columns, isOnTheWay), append(selected, "CASE WHEN "+r.onTheWay+" THEN 'yes' ELSE '' END")
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	row := make(erasingRow, len(columns))
	return each(ctx, q, "SELECT "+strings.Join(selected, ", ")+" FROM "+r.table, nil, func(found scanner) error {
		if err := found.Scan(into...); err != nil {
			return err
		}
		for i, column := range columns {
			row[column] = values[i]
		}
		e.look(r, row)
		return nil
	})
}

// look notes what to do about a row.
func (e *erasing) look(r *erasingRule, row erasingRow) {
	own := slices.ContainsFunc(r.owners, func(column string) bool { return phone.Key(row.text(column)) == e.key() })
	if !own || r.kept != "" || r.instead != "" {
		e.lookAtNames(r, row)
	}
	if own {
		e.own(r, row)
		return
	}
	changed := e.without(r, row)
	switch {
	case len(changed) == 0:
	case row.text(isOnTheWay) != "":
		e.stays(Held{What: r.others, Why: "they are on their way: erase the number again once they are gone"})
	case r.drop:
		e.mentions(r.others)
		e.change("DELETE FROM "+r.table+" WHERE "+equal(r.key, 1), keyOfRow(r, row)...)
	default:
		e.mentions(r.others)
		e.update(r, row, changed)
	}
}

// lookAtNames notes what an operator has named after the number, or configured
// with it.
func (e *erasing) lookAtNames(r *erasingRule, row erasingRow) {
	for column, what := range r.names {
		name := row.text(column)
		if e.In(name) || r.configuration != "" && e.In(row.text(r.configuration)) {
			e.stays(Held{What: what, Name: name, Why: whyKept[what]})
		}
	}
}

// own notes a row that belongs to the number.
func (e *erasing) own(r *erasingRule, row erasingRow) {
	if r.count == nil {
		e.mentions(r.others)
	} else {
		*r.count(&e.found.Removed)++
	}
	key := keyOfRow(r, row)
	switch {
	case r.kept != "" && row.text(r.kept) == "":
	case r.kept != "":
		e.change("UPDATE "+r.table+" SET "+r.kept+" = '' WHERE "+equal(r.key, 1), key...)
	case r.instead != "":
		e.change(r.instead, append(key, millis(e.now))...)
	default:
		e.change("DELETE FROM "+r.table+" WHERE "+equal(r.key, 1), key...)
	}
}

// without returns the columns that mention the number, with it taken out.
func (e *erasing) without(r *erasingRule, row erasingRow) map[string]any {
	changed := map[string]any{}
	put := func(columns []string, without func(string) any) {
		for _, column := range columns {
			if text := row.text(column); e.In(text) {
				changed[column] = without(text)
			}
		}
	}
	put(r.words, func(text string) any { return e.Replace(text, erasedWord) })
	put(r.documents, func(text string) any { return e.withoutInJSON(text) })
	put(r.ids, func(text string) any { return e.withoutInID(text) })
	return changed
}

// withoutInID takes the number out of an id. An id gets the same replacement
// everywhere, as records refer to it, and different ids stay different.
func (e *erasing) withoutInID(id string) string {
	if e.ids[id] == "" {
		e.ids[id] = e.Replace(id, erasedWord+"-"+ledger.NewID())
	}
	return e.ids[id]
}

// update notes a change to columns of a row, unless somebody else changes them
// first.
func (e *erasing) update(r *erasingRule, row erasingRow, changed map[string]any) {
	columns := slices.Sorted(maps.Keys(changed))
	var set []string
	var args []any
	for _, column := range columns {
		args = append(args, changed[column])
		set = append(set, fmt.Sprintf("%s = $%d", column, len(args)))
	}
	where := []string{equal(r.key, len(args)+1)}
	args = append(args, keyOfRow(r, row)...)
	for _, column := range columns {
		if changed[column] != nil {
			args = append(args, row.text(column))
			where = append(where, fmt.Sprintf("%s = $%d", column, len(args)))
		}
	}
	e.change("UPDATE "+r.table+" SET "+strings.Join(set, ", ")+" WHERE "+strings.Join(where, " AND "), args...)
}

// equal is a condition that columns equal parameters, numbered from first.
func equal(columns []string, first int) string {
	conditions := make([]string, len(columns))
	for i, column := range columns {
		conditions[i] = fmt.Sprintf("%s = $%d", column, first+i)
	}
	return strings.Join(conditions, " AND ")
}

func keyOfRow(r *erasingRule, row erasingRow) []any {
	key := make([]any, len(r.key))
	for i, column := range r.key {
		key[i] = row[column]
		if text, ok := row[column].([]byte); ok {
			key[i] = string(text)
		}
	}
	return key
}
