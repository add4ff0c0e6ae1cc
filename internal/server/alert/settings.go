package alert

import (
	"errors"
	"time"

	"github.com/switchhook/switchhook/internal/setting"
)

// Settings say how alerts reach people, and how often.
type Settings struct {
	Webhook   setting.Webhook `key:"webhook" example:"https://chat.example.net/hooks/switchhook" doc:"The web address that alerts are posted to as JSON, in a form that Slack and Mattermost show. Whoever knows it can post there, so it is never shown."`
	EmailTo   []setting.Email `key:"email_to" example:"oncall@example.net" doc:"The mailboxes that get alerts by e-mail. It takes email_from and smtp too."`
	EmailFrom setting.Email   `key:"email_from" example:"switchhook@example.net" doc:"From whom those e-mails come: an address that the mail server lets you send from."`
	SMTP      MailServer      `key:"smtp" example:"smtps://user:password@mail.example.net:465" doc:"The mail server that takes them. smtps:// is TLS from the beginning (port 465), smtp:// is STARTTLS (port 587), without which nothing is sent; ?tls=off after the port does without, for a relay on a network of your own, and without a password. To a relay on this machine, smtp://localhost, there is no TLS but with ?tls=on."`
	Ntfy      setting.Webhook `key:"ntfy" example:"https://ntfy.sh/a-name-that-nobody-guesses" doc:"The topic of ntfy that alerts are published to, for telephones. Whoever knows its name can read it, so it is never shown."`
	NtfyToken setting.Secret  `key:"ntfy_token" doc:"The access token that the ntfy server asks for."`
	QuietFor  time.Duration   `key:"quiet_for" default:"15m" min:"1m" max:"7d" doc:"How long the same alert is not sent again. The next one says how often it came up since. What lasts, as an outage does, is sent once, and again after a day."`
}

// Any reports whether alerts go anywhere but into the log.
func (s *Settings) Any() bool {
	return s.Webhook.IsSet() || len(s.EmailTo) > 0 || s.Ntfy.IsSet()
}

// Check reports ways that are named by halves.
func (s *Settings) Check() error {
	var problems []error
	if to, from, server := len(s.EmailTo) > 0, s.EmailFrom != "", s.SMTP.IsSet(); to || from || server {
		if !to {
			problems = append(problems, setting.Missing("email_to"))
		}
		if !from {
			problems = append(problems, setting.Missing("email_from"))
		}
		if !server {
			problems = append(problems, setting.Missing("smtp"))
		}
	}
	if s.NtfyToken.IsSet() && !s.Ntfy.IsSet() {
		problems = append(problems, setting.Missing("ntfy"))
	}
	return errors.Join(problems...)
}
