package alert

import (
	"time"

	"github.com/switchhook/switchhook/internal/setting"
)

// Settings say where alerts are posted, and how often.
type Settings struct {
	Webhook  setting.Webhook `key:"webhook" example:"https://chat.example.net/hooks/switchhook" doc:"The web address that alerts are posted to as JSON, in a form that Slack and Mattermost show. Whoever knows it can post there, so it is never shown."`
	QuietFor time.Duration   `key:"quiet_for" default:"15m" min:"1m" max:"7d" doc:"How long the same alert is not sent again. The next one says how often it came up since."`
}
