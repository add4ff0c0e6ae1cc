package sdp_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/sdp"
)

func TestPacketsAreAsLongAsTheOtherSideAsks(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  int // ms
	}{
		{nil, 20},
		{[]string{"a=ptime:10"}, 10},
		{[]string{"a=ptime:20"}, 20},
		{[]string{"a=ptime:30"}, 30},
		{[]string{"a=ptime:40"}, 40},
		{[]string{"a=ptime:60"}, 60},
		{[]string{"a=ptime:2.5"}, 10},
		{[]string{"a=ptime:35"}, 30},
		{[]string{"a=ptime:100"}, 60},
		{[]string{"a=ptime:0"}, 20},
		{[]string{"a=ptime:-30"}, 20},
		{[]string{"a=ptime:NaN"}, 20},
		{[]string{"a=ptime:1e9"}, 20},
		{[]string{"a=ptime:many"}, 20},
		{[]string{"a=ptime"}, 20},
		{[]string{"a=maxptime:10"}, 10},
		{[]string{"a=maxptime:150"}, 20},
		{[]string{"a=ptime:60", "a=maxptime:40"}, 40},
		{[]string{"a=maxptime:30", "a=ptime:30"}, 30},
		{[]string{"a=ptime:60", "a=maxptime:0"}, 60},
	} {
		t.Run(fmt.Sprint(c.lines), func(t *testing.T) {
			want := time.Duration(c.want) * time.Millisecond
			session := sdp.NewSession(7)
			d := answer(t, &session, call("192.0.2.9", c.lines...), us())
			if got := session.Agreement().Ptime; got != want || d.Media[0].Ptime != want {
				t.Errorf("we send %s and ask for %s, want %s", got, d.Media[0].Ptime, want)
			}

			offering := sdp.NewSession(8)
			offering.Offer(us())
			if _, err := offering.Accept(parse(t, call("192.0.2.9", c.lines...))); err != nil {
				t.Fatal(err)
			}
			if got := offering.Agreement().Ptime; got != want {
				t.Errorf("after our offer we send %s, want %s", got, want)
			}
		})
	}
}
