package activity_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
)

func TestWhatStrangersCauseIsToldSparsely(t *testing.T) {
	var told []string
	s := activity.Sparse{Add: func(items ...activity.Item) {
		for _, i := range items {
			told = append(told, fmt.Sprint(i.Entry, i.Steps))
		}
	}}
	began := time.Now()
	for range 100 {
		s.Tell(activity.Item{At: began, Kind: activity.Call, Outcome: "forbidden", Entry: "a"})
	}
	s.Tell(activity.Item{At: began, Kind: activity.Call, Outcome: "forbidden", Entry: "b"})
	for range 2 {
		s.Tell(activity.Item{At: began.Add(time.Minute), Kind: activity.Call, Outcome: "forbidden", Entry: "a"})
	}
	want := append(slices.Repeat([]string{"a[]"}, 5), "b[]", "a[not_told]", "a[]")
	if !slices.Equal(told, want) {
		t.Errorf("told: %q, want %q", told, want)
	}
}
