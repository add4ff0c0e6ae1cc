package clicktocall

import "time"

// Settings say who is called back, and how often. Entries may lower the
// limits of their own, or raise them but for that of a number.
type Settings struct {
	AcceptBare bool          `key:"accept_bare" default:"false" doc:"Whether to take requests without a token, as integrations of the service before send them. What they ask for is limited to a tenth."`
	Patience   time.Duration `key:"patience" default:"8s" min:"1s" max:"20s" doc:"How long a visitor waits for the phone system to take the call."`
	CodesFrom  string        `key:"codes_from" example:"example.net-sms" doc:"The entry from whose number codes are texted to people who want their number never to be called. Left out, the only domain's first entry with texts; with several domains nobody can prove a number by a text."`

	NumberPerDay   int `key:"number_per_day" default:"3" min:"1" max:"3" doc:"How many calls one number gets in any 24 hours, whoever asks for them; one in any 10 minutes at most."`
	NetworkPerHour int `key:"network_per_hour" default:"6" min:"1" max:"200" doc:"How many calls one network may ask for in any hour: an IPv4 /24, an IPv6 /64. A /56 may twice, a /48 four times, an IPv4 /16 sixteen times as many."`
	NetworkPerDay  int `key:"network_per_day" default:"15" min:"1" max:"1000" doc:"The same in any 24 hours."`
	WidgetPerDay   int `key:"widget_per_day" default:"200" min:"1" max:"10000" doc:"How many calls there are for one entry in any 24 hours."`
	TenantPerDay   int `key:"tenant_per_day" default:"500" min:"1" max:"20000" doc:"How many calls there are for all entries of one domain in any 24 hours."`

	ScheduledPerMinute int `key:"scheduled_per_minute" default:"5" min:"1" max:"200" doc:"How many calls at another time there are for one entry in any minute."`
}

// Limits returns the caps of the settings.
func (s *Settings) Limits() Limits {
	return Limits{
		NumberPerDay: s.NumberPerDay, NetworkPerHour: s.NetworkPerHour, NetworkPerDay: s.NetworkPerDay,
		WidgetPerDay: s.WidgetPerDay, TenantPerDay: s.TenantPerDay, ScheduledPerMinute: s.ScheduledPerMinute,
	}
}
