package config

import (
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/fault/why"
)

// Reload says how it went that the settings were read again: the outcome of its item
// in the activity record.
type Reload string

// How it went.
const (
	InForce Reload = "in_force"
	Refused Reload = "refused"
)

// Sentence returns the sentence of an outcome.
func (r Reload) Sentence() string {
	switch r {
	case InForce:
		return "The settings were read again and are in force[; what changed: $settings][; what waits for a restart: $waiting]."
	case Refused:
		return "The settings were read again, and the old ones stay in force: $problem."
	}
	return ""
}

// item is the item of a reload.
func (r Reload) item(args why.Args) activity.Item {
	return activity.Item{Kind: activity.Reload, Outcome: string(r), Steps: activity.Steps(why.Step[Reload]{Code: r, Args: args})}
}

// ReloadedItem tells that new settings took the place of old ones, which differ (no
// values), and what of them waits for a restart.
func ReloadedItem(settings, old *Settings, waiting []string) activity.Item {
	return InForce.item(why.Args{"settings": strings.Join(changed(settings, old), ", "), "waiting": strings.Join(waiting, ", ")})
}

// RefusedItem tells that new settings cannot be used, on one line.
func RefusedItem(err error) activity.Item {
	return Refused.item(why.Args{"problem": strings.Join(strings.Fields(err.Error()), " ")})
}

// changed returns the paths of the settings that differ.
func changed(settings, old *Settings) (paths []string) {
	for path, given := range settings.given {
		if was, there := old.given[path]; !there || was != given {
			paths = append(paths, path)
		}
	}
	for path := range old.given {
		if _, there := settings.given[path]; !there {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}
