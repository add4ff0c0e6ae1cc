package activity

import "time"

// Settings say how long the record is kept.
type Settings struct {
	Retention time.Duration `key:"retention" default:"90d" min:"1d" doc:"How long the activity record is kept: what happened and why, as switchhook activity shows it."`
}
