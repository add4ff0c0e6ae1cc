package dialplan

import "strings"

// application is what a rule does with a call.
type application uint8

const (
	unknownApplication application = iota
	tables                         // goes on with further tables
	toWeb
	toUser
	hangup
	available // the number is not assigned yet
	toQueue
	toVoicemail
	toConnection // out of this phone system
)

// applicationOf knows applications by the names that clients write: those of
// the documented API, those of the form, and the responders behind them.
func applicationOf(name string) application {
	switch lower := strings.ToLower(strings.TrimSpace(name)); lower {
	case "to web", "to-web", "sip:0@web-main":
		return toWeb
	case "to-user", "to user", "sip:start@to-user", "to-user-residential", "sip:start@to-user-resi":
		return toUser
	case "hangup":
		return hangup
	case "available-number", "availabledid":
		return available
	case "to-callqueue", "sip:start@call-queuing", "sip:start@call-queueing":
		return toQueue
	case "to-voicemail", "sip:start@to-vmail":
		return toVoicemail
	case "to-connection", "to connection", "sip:start@to-connection":
		return toConnection
	default:
		if len(tableNames(lower)) > 0 {
			return tables
		}
	}
	return unknownApplication
}

// tableNames returns the names in <A><B>, nil if that is not what s is.
func tableNames(s string) []string {
	var names []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		name, rest, ok := strings.Cut(s, ">")
		if !ok || len(name) < 2 || name[0] != '<' || strings.Contains(name[1:], "<") {
			return nil
		}
		names = append(names, name[1:])
		s = rest
	}
	return names
}

// alias is a name with a meaning of its own, such as user_8000.
func alias(name string) (application, string) {
	for _, known := range []struct {
		prefix  string
		meaning application
	}{
		{"user_", toUser},
		{"queue_", toQueue},
		{"vmail_", toVoicemail},
	} {
		if n := len(known.prefix); len(name) > n && strings.EqualFold(name[:n], known.prefix) {
			return known.meaning, name[n:]
		}
	}
	return unknownApplication, name
}
