package sourcetest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// BetterStackKey is the token that a BetterStack accepts.
const BetterStackKey = "Zk4vCqyEgpLXMkVW2NNTHNpR"

// BetterStack is Better Stack's uptime API, as far as on-calls go. Each level
// of the people who are on call is a calendar: level 1 is the default one,
// without a name; level 2 has the identifier 1002 and the name Tier 2.
type BetterStack struct {
	Server
	page int
}

// NewBetterStack returns a Better Stack with nobody on call.
func NewBetterStack() *BetterStack { return &BetterStack{page: 50} }

// PageSize sets how many calendars a page has.
func (b *BetterStack) PageSize(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.page = n
}

// ServeHTTP answers as https://uptime.betterstack.com.
func (b *BetterStack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.serve(w, r, rules{
		authorization: "Bearer " + BetterStackKey,
		method:        http.MethodGet,
		accept:        "application/json",
		denied:        says(http.StatusUnauthorized, map[string]any{"errors": "Invalid Team API token. How to find your Team API token: https://betterstack.com/docs/uptime/api/getting-started-with-uptime-api/#get-an-uptime-api-token"}),
		tooMany:       says(http.StatusTooManyRequests, map[string]any{"errors": "Too many requests"}),
		wrong:         func(why string) reply { return says(http.StatusBadRequest, map[string]any{"errors": why}) },
	}, b.answer)
}

func (b *BetterStack) answer(in input) (reply, string) {
	if in.URL.Path != "/api/v2/on-calls" {
		return reply{}, "there is no such path"
	}
	page := 1
	if in.query.Has("page") {
		var err error
		if page, err = strconv.Atoi(in.query.Get("page")); err != nil || page < 1 {
			return reply{}, "the page is no number"
		}
	}
	want := map[string]string{}
	if in.URL.RawQuery != "" {
		want["page"] = strconv.Itoa(page)
	}
	if why := in.wants(want); why != "" {
		return reply{}, why
	}
	people := b.onCall()
	levels := 2
	for _, p := range people {
		levels = max(levels, p.level())
	}
	b.mu.Lock()
	size := b.page
	b.mu.Unlock()
	from, to := min((page-1)*size, levels), min(page*size, levels)
	data, included := []any{}, []any{}
	for level := from + 1; level <= to; level++ {
		refs := []any{}
		for _, p := range people {
			if p.level() != level {
				continue
			}
			refs = append(refs, map[string]any{"id": p.ID, "type": "user", "meta": map[string]any{"email": p.Email}})
			if !slices.ContainsFunc(included, func(v any) bool { return v.(map[string]any)["id"] == p.ID }) { //nolint:errcheck,forcetypeassert // it was put there above
				included = append(included, betterStackUser(p))
			}
		}
		var name any = fmt.Sprintf("Tier %d", level)
		if level == 1 {
			name = nil
		}
		data = append(data, map[string]any{
			"id": strconv.Itoa(1000 + level), "type": "on_call_calendar",
			"attributes":    map[string]any{"name": name, "default_calendar": level == 1, "team_name": "Production"},
			"relationships": map[string]any{"on_call_users": map[string]any{"data": refs}},
		})
	}
	const address = "https://uptime.betterstack.com/api/v2/on-calls?page="
	var next any
	if to < levels {
		next = address + strconv.Itoa(page+1)
	}
	return says(http.StatusOK, map[string]any{
		"data": data, "included": included,
		"pagination": map[string]any{"first": address + "1", "last": address + strconv.Itoa((levels+size-1)/size), "prev": nil, "next": next},
	}), ""
}

func betterStackUser(p Person) map[string]any {
	first, last := p.names()
	phones := []string{}
	for _, phone := range p.Phones {
		phones = append(phones, phone.Number)
	}
	return map[string]any{"id": p.ID, "type": "user", "attributes": map[string]any{"first_name": first, "last_name": last, "email": p.Email, "phone_numbers": phones}}
}
