package server

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
)

// publicAddress is the address of the server for those who read its alerts;
// empty: the settings do not say.
func publicAddress(settings *config.Settings) string {
	if settings.PublicURL == nil {
		return ""
	}
	return settings.PublicURL.String()
}

// serverName tells a server from the others of its database, and is the same
// after a restart.
func serverName(settings *config.Settings) string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	folder, err := filepath.Abs(string(settings.Data))
	if err != nil {
		folder = string(settings.Data)
	}
	return host + ":" + folder
}

// Ways returns how alerts reach people by the settings, for a command.
func Ways(settings *config.Settings) ([]alert.Way, error) {
	sender, err := alert.New(alert.Config{Settings: settings.Alerts, Here: publicAddress(settings)})
	if err != nil {
		return nil, err
	}
	return sender.Ways(), nil
}

// alertsArrive is the check of /readyz that alerts reach people. Requests are
// answered all the same.
func (a *Server) alertsArrive(context.Context) error {
	ways := a.alerts.Standing(alert.Undelivered)
	if len(ways) == 0 {
		return nil
	}
	return part.Impaired(fmt.Errorf("alerts do not arrive by %s", strings.Join(ways, " and ")))
}

// entriesEvery is how often we check that the entries can be read: not only when
// somebody calls.
const entriesEvery = time.Minute

// watchEntries tells the operator that the entries are broken, or cannot be read,
// and when they can be again.
func (a *Server) watchEntries(ctx context.Context) {
	if p := partOf[*phoneSystem](a.site.Load()); p != nil {
		a.tellOfEntries(ctx, p.settings, p.entries)
	}
}

func (a *Server) tellOfEntries(ctx context.Context, settings *config.Settings, entries *entry.Book) {
	problems := entries.Oddities()
	if problem := entries.Problem(); problem != nil {
		problems = append([]error{problem}, problems...)
	}
	if len(problems) == 0 {
		a.alerts.Resolve(ctx, alert.EntriesUnreadable, "", "All entries are in force as they stand.")
		return
	}
	text := fmt.Sprintf("Entries in %s cannot be used: %v.", WhereEntries(settings), problems[0])
	if more := len(problems) - 1; more > 0 {
		text += fmt.Sprintf(" There are %d more problems.", more)
	}
	a.alerts.Raise(ctx, alert.Alert{Kind: alert.EntriesUnreadable, Text: text + " Calls go by what was last read, and changes since do not count.",
		Do: "See every problem with: switchhook doctor"})
}

// ReloadFailed tells the operator that new settings are not in force.
func (a *Server) ReloadFailed(ctx context.Context, err error) {
	a.behind.Add(config.RefusedItem(err))
	a.alerts.Raise(ctx, alert.Alert{Kind: alert.SettingsUnreadable, Do: "See every problem with: switchhook doctor; then reload again",
		Text: "The settings were read again: " + strings.Join(strings.Fields(err.Error()), " ") + ". The old ones stay in force, and the next start will fail." + hintOf(err)})
}

// reloaded tells the operator that the settings can be read.
func (a *Server) reloaded(ctx context.Context) {
	a.alerts.Resolve(ctx, alert.SettingsUnreadable, "", "The new settings are in force.")
}

// hintOf returns what to do about an error, as one more sentence.
func hintOf(err error) string {
	hint := fault.HintOf(err)
	if hint == "" {
		return ""
	}
	if first, _, _ := strings.Cut(hint, " "); !strings.ContainsAny(first, "./") { // the name of a file stays
		hint = strings.ToUpper(hint[:1]) + hint[1:]
	}
	return " " + hint + "."
}
