package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/alert"
)

// stamp is how times are shown: by the clock of this machine, with its zone.
const stamp = "2006-01-02 15:04:05 MST"

// alerts checks that somebody is told, what stands, and what is muted. It sends
// nothing.
func (e *examination) alerts(ctx context.Context) {
	const about = "alerts"
	ways, err := server.Ways(e.settings)
	if err != nil {
		e.failed(about, err)
		return
	}
	if len(ways) == 0 {
		e.warn(about, "they go nowhere but into the log", "set webhook, email_to or ntfy in [alerts]; then try: switchhook alert test")
	} else {
		var by []string
		for _, way := range ways {
			by = append(by, way.Name()+" ("+way.Host()+")")
		}
		e.ok(about, "they are sent by "+strings.Join(by, ", ")+"; switchhook alert test tries it")
	}
	if e.store == nil {
		return
	}
	b, err := alert.Read(ctx, e.store)
	if err != nil {
		e.failed(about, err)
		return
	}
	for _, key := range b.Keys() {
		m := b.Matters[key]
		what := strings.TrimSpace(string(key.Kind) + " " + key.Subject())
		if m.Muted.After(time.Now()) {
			command := "switchhook alert mute " + string(key.Kind) + " --end"
			if key.About != "" && key.Subject() == key.About {
				command = "switchhook alert mute " + string(key.Kind) + " " + key.About + " --end"
			}
			e.warn(about, fmt.Sprintf("%s is muted until %s", what, m.Muted.Local().Format(stamp)), "to end that: "+command)
		}
		if key.Kind.Lasts() && m.Stands() {
			e.warn(about, fmt.Sprintf("%s stands since %s: %s", what, m.Since.Local().Format(stamp), m.Text), m.Do)
		}
	}
}
