package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/fault"
)

const (
	// fewActivity is how many items of a range of numbers are sorted by their time;
	// of a range with more, enough are among the youngest of all.
	fewActivity = 10_000

	// maxStory bounds the items of one story: strangers choose the ids of calls.
	maxStory = 500
)

// Activity returns the items that a query selects, the youngest first.
//
// Each query has its index, whatever the database's planner thinks: the record
// has millions of items, and an operator waits. See activityPlan.
func (s *Store) Activity(ctx context.Context, query activity.Query) (items []activity.Item, err error) {
	if _, ok := timeOfActivity(query.Before); query.Before != "" && !ok {
		return nil, fault.Newf(fault.Invalid, "%.40q is no id of an item", query.Before)
	}
	err = s.readTx(ctx, func(ctx context.Context, q querier) error {
		items = nil
		p := activityPlan{Query: query, few: s.fewActivity}
		statement, err := p.statement(ctx, q)
		if err != nil || statement == "" {
			return err
		}
		return each(ctx, q, statement, p.args, func(row scanner) error {
			item, err := scanActivity(row)
			items = append(items, item)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list what happened: %w", err)
	}
	return items, nil
}

// activityPlan makes the statement of a query, which goes one of four ways:
//
//   - by numbers, if only a few items have such a one: they are sorted by time;
//   - by entry, tenant or nothing of these, and by what happened: the index of
//     each has the items of one kind and outcome in order, so that the youngest
//     of each are merged;
//   - by time, if there is nothing else to go by.
//
// Other conditions are then checked item by item.
type activityPlan struct {
	activity.Query
	few  int // see fewActivity
	args []any
}

// arg adds a parameter, and returns its place.
func (p *activityPlan) arg(value any) string {
	p.args = append(p.args, value)
	return "$" + strconv.Itoa(len(p.args))
}

// statement returns the statement; "": there are no such items.
func (p *activityPlan) statement(ctx context.Context, q querier) (string, error) {
	numbers, few, err := p.numbers(ctx, q)
	if err != nil {
		return "", err
	}
	if few {
		chosen := "SELECT at, id FROM activity WHERE " + numbers + p.times() + p.hidden("entry", p.Entry) + p.hidden("tenant", foldTenant(p.Tenant)) + p.hiddenWhat() +
			" LIMIT " + strconv.Itoa(p.few)
		return p.whole(chosen), nil
	}
	by, of := "", ""
	switch {
	case p.Entry != "":
		by, of = "entry", p.Entry
	case p.Tenant != "":
		by, of = "tenant", foldTenant(p.Tenant)
	case p.Kind == "" && p.Outcome == "":
		return "SELECT " + activityColumns + " FROM activity WHERE 0 = 0" + p.times() + p.hiddenNumber() + p.youngest(), nil
	}
	whats, err := p.whats(ctx, q, by, of)
	if err != nil || len(whats) == 0 {
		return "", err
	}
	where := ""
	if by != "" {
		where = by + " = " + p.arg(of) + " AND "
	}
	rest := p.times() + p.hiddenNumber() + p.youngest()
	if by == "entry" {
		rest = p.hidden("tenant", foldTenant(p.Tenant)) + rest
	}
	ways := make([]string, len(whats))
	for i, what := range whats {
		ways[i] = "SELECT at, id FROM (SELECT at, id FROM activity WHERE " + where + "what = " + p.arg(what) + rest + ") AS way" + strconv.Itoa(i)
	}
	return p.whole(strings.Join(ways, " UNION ALL ")), nil
}

// whole returns the statement for the youngest of chosen items.
func (p *activityPlan) whole(chosen string) string {
	return "SELECT " + activityColumns + " FROM (SELECT at AS chosen_at, id AS chosen_id FROM (" + chosen + ") AS found ORDER BY at DESC, id DESC" + p.limit() +
		") AS chosen JOIN activity ON at = chosen_at AND id = chosen_id ORDER BY at DESC, id DESC"
}

func (p *activityPlan) youngest() string { return " ORDER BY at DESC, id DESC" + p.limit() }

func (p *activityPlan) limit() string { return atMost(p.Limit) }

// times returns the conditions of time.
func (p *activityPlan) times() (conditions string) {
	if !p.Since.IsZero() {
		conditions += " AND at >= " + p.arg(millis(p.Since))
	}
	if !p.Until.IsZero() {
		conditions += " AND at < " + p.arg(millis(p.Until))
	}
	if ms, ok := timeOfActivity(p.Before); ok {
		at := p.arg(ms)
		conditions += " AND at <= " + at + " AND (at < " + at + " OR id < " + p.arg(p.Before) + ")"
	}
	return conditions
}

// hidden returns a condition, unless its value is empty, for which no index is to
// be used. The planners look for none, and PostgreSQL's takes half of the rows
// for its rows.
func (p *activityPlan) hidden(column, value string) string {
	if value == "" {
		return ""
	}
	return " AND coalesce(" + column + " = " + p.arg(value) + ", 0 = 1)"
}

// hiddenWhat returns the condition on what happened. No kind and no outcome has a
// slash.
func (p *activityPlan) hiddenWhat() (conditions string) {
	if p.Kind != "" {
		kind := whatOf(p.Kind, "")
		conditions = p.hidden(fmt.Sprintf("substr(what, 1, %d)", len(kind)), kind)
	}
	if p.Outcome != "" {
		end := whatOf("", p.Outcome)
		conditions += p.hidden(fmt.Sprintf("substr(what, length(what) - %d)", len(end)-1), end)
	}
	return conditions
}

// hiddenNumber returns the condition on numbers that are too many to go by: of the
// column number, which the other indexes have too.
func (p *activityPlan) hiddenNumber() string {
	if p.Ending != "" {
		return p.hidden(fmt.Sprintf("substr(number, length(number) - %d)", len(p.Ending)-1), p.Ending)
	}
	return p.hidden(fmt.Sprintf("substr(number, 1, %d)", len(p.Number)), p.Number)
}

// numberColumn returns the column that has the numbers of the query together,
// and how they begin in it; "": the query has none.
func (p *activityPlan) numberColumn() (column, begins string) {
	if p.Ending != "" {
		return "reversed", reversed(p.Ending)
	}
	return "number", p.Number
}

// numbers returns the condition on numbers, and whether they are few enough to go
// by them.
func (p *activityPlan) numbers(ctx context.Context, q querier) (condition string, few bool, err error) {
	column, begins := p.numberColumn()
	if begins == "" {
		return "", false, nil
	}
	// Letters come after digits, in every collation.
	from, until := begins, begins+"x"
	var count int
	err = q.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM activity WHERE %s >= $1 AND %[1]s < $2 ORDER BY %[1]s LIMIT %d) AS counted", column, p.few), from, until).Scan(&count)
	if err != nil || count == p.few {
		return "", false, err
	}
	return column + " >= " + p.arg(from) + " AND " + column + " < " + p.arg(until), true, nil
}

// whats returns what happened to an entry or tenant, or at all, as the column
// what has it, and as far as the query wants it. It goes from each to the next,
// however many items there are of each.
func (p *activityPlan) whats(ctx context.Context, q querier, by, of string) (whats []string, err error) {
	if p.Kind != "" && p.Outcome != "" {
		return []string{whatOf(p.Kind, p.Outcome)}, nil
	}
	var args []any
	where := ""
	if by != "" {
		where, args = by+" = $1 AND ", []any{of}
	}
	err = each(ctx, q, fmt.Sprintf(`WITH RECURSIVE whats (what) AS (
			SELECT (SELECT min(what) FROM activity WHERE %[1]s what > '')
			UNION ALL
			SELECT (SELECT min(activity.what) FROM activity WHERE %[1]s activity.what > whats.what) FROM whats WHERE whats.what IS NOT NULL
		) SELECT what FROM whats WHERE what IS NOT NULL`, where), args, func(row scanner) error {
		var what string
		err := row.Scan(&what)
		whats = append(whats, what)
		return err
	})
	return slices.DeleteFunc(whats, func(what string) bool {
		kind, outcome, _ := strings.Cut(what, "/")
		return p.Kind != "" && kind != string(p.Kind) || p.Outcome != "" && outcome != p.Outcome
	}), err
}

// Story returns the items of a story, the oldest first, by the id of one of them,
// of a text or of a call back, or by the phone system's of a call. Of an id of an
// item, its first characters will do if there is no other. The error is a fault
// of code NotFound if there is none.
func (s *Store) Story(ctx context.Context, id string) (items []activity.Item, err error) {
	err = s.readTx(ctx, func(ctx context.Context, q querier) error {
		items = nil
		story, err := storyOf(ctx, q, id)
		if err != nil {
			return err
		}
		return each(ctx, q, "SELECT "+activityColumns+" FROM activity WHERE story = $1 ORDER BY at, id"+atMost(maxStory), []any{story}, func(row scanner) error {
			item, err := scanActivity(row)
			items = append(items, item)
			return err
		})
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("tell a story: %w", err)
	case len(items) == 0:
		return nil, fault.Newf(fault.NotFound, "nothing is recorded of %.60s", id).WithHint("switchhook activity list shows what is; what is older than activity.retention is removed")
	}
	return items, nil
}

// storyOf returns the story that an id leads to.
func storyOf(ctx context.Context, q querier, id string) (string, error) {
	stories, err := textColumn(ctx, q, "SELECT CASE call_id WHEN '' THEN id ELSE call_id END FROM texts WHERE id = $1", id)
	if err == nil && len(stories) == 0 && len(id) >= timeDigits {
		if ms, ok := timeOfActivity(id[:timeDigits] + strings.Repeat("0", tailDigits)); ok {
			stories, err = textColumn(ctx, q, "SELECT story FROM activity WHERE at = $1 AND substr(id, 1, $2) = $3 LIMIT 2", ms, len(id), id)
		}
	}
	switch {
	case err != nil:
		return "", err
	case len(stories) == 0:
		return id, nil
	case len(stories) > 1 && stories[0] != stories[1]:
		return "", fault.Newf(fault.Invalid, "the ids of several items begin with %s", id).WithHint("give more of the id")
	}
	return stories[0], nil
}

// textColumn returns the one column of a query.
func textColumn(ctx context.Context, q querier, query string, args ...any) (found []string, err error) {
	err = each(ctx, q, query, args, func(row scanner) error {
		var one string
		err := row.Scan(&one)
		found = append(found, one)
		return err
	})
	return found, err
}
