package netsapiens

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"strconv"
)

const (
	// pageSize is how many items are asked for at once: the API's own default.
	// A client that does not ask page by page misses all after the first 100,
	// and nothing says so.
	pageSize = 100

	// bulkSize is the page size for what a domain has thousands of, users and
	// dial rules: the most that the API gives.
	bulkSize = 1000

	// maxItems bounds a list that does not end.
	maxItems = 100_000
)

// Collect returns the items of a list as a slice, and the error that ended the
// list, if one did.
func Collect[T any](list iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for item, err := range list {
		if err != nil {
			return all, err
		}
		all = append(all, item)
	}
	return all, nil
}

// list yields the items of a list, and asks for pages as needed. An error is its
// last pair.
func list[T thing](ctx context.Context, c *Client, what string, tried func() string, parts ...string) iter.Seq2[T, error] {
	return listBy[T](ctx, c, pageSize, what, tried, parts...)
}

// listBy is list with pages of another size.
func listBy[T thing](ctx context.Context, c *Client, size int, what string, tried func() string, parts ...string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		at, err := path(parts...)
		if err != nil {
			yield(none, c.invalid(tried, err))
			return
		}
		var before []T
		for got := 0; got < maxItems; got += len(before) {
			items, err := listPage(ctx, c, what, tried, at, size, got, before)
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if isLast(len(items), size) {
				return
			}
			before = items
		}
		k := call{method: http.MethodGet, tried: tried}
		yield(none, c.failed(&k, unreadable, "%s has more than %d items in this list, or it does not end", c.where, maxItems))
	}
}

// isLast reports whether a page is the last one: it has fewer items than were
// asked for; or more, if the limit was ignored and that was all. A server that
// gives whole hundreds, fewer than a thousand, may have its own limit.
func isLast(items, size int) bool {
	return items != size && (items == 0 || items > size || items%pageSize != 0)
}

// listPage asks for one page, which must differ from the previous one.
func listPage[T thing](ctx context.Context, c *Client, what string, tried func() string, at string, size, start int, before []T) ([]T, error) {
	k := call{method: http.MethodGet, tried: tried}
	k.path = at + "?limit=" + strconv.Itoa(size) + "&start=" + strconv.Itoa(start)
	a, err := c.do(ctx, k)
	if err != nil {
		return nil, err
	}
	items, ok := many[T](a.body)
	switch {
	case !ok:
		return nil, c.unreadable(&k, a.status, a.body, "a list of "+what)
	case len(items) > 0 && slices.Equal(items, before):
		e := c.failed(&k, unreadable, "%s gives the same %d %s again where the next ones were asked for, and what comes after them stays unknown", c.where, len(items), what)
		e.Status, e.Hint = a.status, "the phone system's version may not page this list"
		return nil, e
	}
	return items, nil
}

// get asks for one thing.
func get[T interface{ known() bool }](ctx context.Context, c *Client, what string, tried func() string, parts ...string) (T, error) {
	var none T
	k := call{method: http.MethodGet, tried: tried}
	var err error
	if k.path, err = path(parts...); err != nil {
		return none, c.invalid(tried, err)
	}
	a, err := c.do(ctx, k)
	if err != nil {
		return none, err
	}
	t, ok := one[T](a.body)
	switch {
	case ok:
		return t, nil
	case nothing(a.body):
		e := c.failed(&k, absent, "%s answered %d with nothing in it where %s was asked for", c.where, a.status, what)
		e.Status, e.Hint = a.status, hintNames
		return none, e
	}
	return none, c.unreadable(&k, a.status, a.body, what)
}

// write sends a change whose answer says no more than "done".
func (c *Client) write(ctx context.Context, method string, body any, tried func() string, parts ...string) error {
	k := call{method: method, body: body, tried: tried}
	var err error
	if k.path, err = path(parts...); err != nil {
		return c.invalid(tried, err)
	}
	_, err = c.do(ctx, k)
	return err
}
