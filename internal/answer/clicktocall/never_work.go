package clicktocall

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Effort is the work that a browser has proved for one request.
type Effort struct {
	Token string    // what was worked on, good once; empty: nothing was proved
	Ends  time.Time // when it is good no longer
}

// neverBearer is whom the page's tokens are for. No entry has such an id.
func neverBearer(from Subnets) bearer { return bearer{id: "/never", network: from.Network} }

// effortOf returns what a form proves. A token that is forged, too old or of
// another network proves nothing; whether it was used the database knows.
func (n *Never) effortOf(r *http.Request, from Subnets, now time.Time) Effort {
	t, genuine := n.Key.read(r.PostForm.Get(fieldToken), neverBearer(from), now)
	if !genuine || !worked(t.challenge(), r.PostForm.Get(fieldNonce), t.bits) {
		return Effort{}
	}
	return Effort{Token: t.challenge(), Ends: t.ends}
}

// task is the work that a page asks the browser for.
type task struct {
	Token, Challenge string
	Bits             int
}

// taskFor chooses that by the rules of the button.
func (n *Never) taskFor(ctx context.Context, from Subnets, now time.Time) *task {
	about, _, err := n.meter.observe(ctx, n.Networks, Asker{From: from}, now)
	if err != nil {
		n.note(ctx, slog.LevelWarn, "requests of a network not counted", "", slog.String("error", err.Error()))
	}
	t, text := n.Key.mint(neverBearer(from), workBits(about), now)
	return &task{Token: text, Challenge: t.challenge(), Bits: t.bits}
}

// show writes a page, and asks for work where it has a form.
func (n *Never) show(w http.ResponseWriter, r *http.Request, status int, p page) {
	if p.Form != nil {
		p.Work = n.taskFor(r.Context(), subnetsFrom(r, n.Address), time.Now())
	}
	show(w, status, p)
}
