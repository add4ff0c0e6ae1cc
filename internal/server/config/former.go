package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/setting"
)

// The paths of settings with other names in pagerduty-voys-webhook.
const (
	onCallSection = "oncall"
	sourceArray   = "oncall.source"
	routeArray    = "oncall.route"
	legacyFolder  = "oncall.legacy_folder"
)

// impliedRoute is the name of the route if none is given.
const impliedRoute = "default"

// former is the name of a setting in pagerduty-voys-webhook or the Flask
// service.
type former struct {
	path     string // of the setting
	variable string // in the environment
	common   bool   // other programs use this variable as well
	file     string // in the folder of pagerduty-voys-webhook
}

// formerNames returns all former names. Those of a source are the first
// PagerDuty source's, by its number; -1: there is none.
func formerNames(pagerDuty int) []former {
	first := star // is no item
	if pagerDuty >= 0 {
		first = strconv.Itoa(pagerDuty)
	}
	return []former{
		{path: "netsapiens.token", variable: "NS_TOKEN"},
		{path: "forms.secret", variable: "UPDATE_SECRET"},
		{path: "oncall.secret", variable: "SECRET_KEY", common: true, file: "secret_key"},
		{path: "oncall.source." + first + ".api_key", variable: "API_KEY", common: true, file: "api_key"},
		{path: "oncall.source." + first + ".escalation_policy", variable: "ESCALATION_POLICY_ID", file: "escalation_policy_id"},
	}
}

func (f former) isOnCall() bool { return f.file != "" }

// formerName returns the former name of a setting.
func formerName(path string, pagerDuty int) (f former, ok bool) {
	return findFormer(pagerDuty, func(f former) bool { return f.path == path })
}

// formerVariable returns the former name that a variable is.
func formerVariable(name string) (f former, ok bool) {
	return findFormer(0, func(f former) bool { return f.variable == name })
}

func findFormer(pagerDuty int, is func(former) bool) (f former, ok bool) {
	all := formerNames(pagerDuty)
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	return former{}, false
}

// takeOverFolder makes the defaults those of a folder of the Flask service, and
// switches on what its files are for.
func (l *loader) takeOverFolder() {
	at := Origin{Kind: Default}
	for path, name := range map[string]string{"data": oldData, "domains_file": oldEntries} {
		l.implied.put(path, value{text: name, origin: at})
		l.given(path, at)
	}
}

// inOldFolder says whether the working directory is the folder of the Flask
// service: no settings file was given, and it has a domains.json, or a .env
// with that service's names. With the .env alone the domains.json has gone
// missing, which is no reason to look elsewhere for it.
func (l *loader) inOldFolder(dotenv layer) bool {
	return l.from.Path == "" && (len(dotenv) > 0 || l.isFile(oldEntries))
}

func (l *loader) isFile(name string) bool {
	info, err := os.Stat(l.resolve(name))
	return err == nil && info.Mode().IsRegular()
}

// takeOverNames adds the settings that former names give, of on-call routing or
// of the others.
func (l *loader) takeOverNames(into, named layer, onCall bool) {
	for _, f := range formerNames(l.pagerDuty) {
		if v, ok := named[f.variable]; ok && f.isOnCall() == onCall {
			into.put(f.path, v)
			l.given(f.path, v.origin)
		}
	}
}

// takeOverOnCall uses the variables and files of pagerduty-voys-webhook, and
// adds the implied settings.
//
// API_KEY and SECRET_KEY are names that many programs use. They, and the folder
// of that service, switch on-call routing on only if nothing else is on;
// ESCALATION_POLICY_ID always does.
func (l *loader) takeOverOnCall(named ...layer) {
	if at := l.runsOnCallBefore(named...); at.Kind != NotSet {
		l.switchOn(onCallSection, at)
	}
	if l.off(onCallSection) {
		return
	}
	l.imply(sourceArray, "kind", source.KindPagerDuty)
	l.imply(routeArray, "name", impliedRoute)
	l.pagerDuty = l.firstPagerDuty()
}

// runsOnCallBefore returns why on-call routing is on without a setting that
// says so; NotSet: it is not.
func (l *loader) runsOnCallBefore(named ...layer) Origin {
	anything := l.anythingOn()
	for _, variables := range named {
		for _, f := range formerNames(0) {
			if v, ok := variables[f.variable]; ok && f.isOnCall() && (!anything && !l.incomplete || !f.common) {
				return v.origin
			}
		}
	}
	if anything || l.from.Path != "" {
		return Origin{}
	}
	for _, f := range formerNames(0) {
		if file := l.fileBefore(f); f.isOnCall() && l.isFile(file) {
			return Origin{Kind: SecretFile, File: file}
		}
	}
	return Origin{}
}

// imply adds the first item of an array that has none, with an implied value.
// If the settings file has the item, the file has to say it.
func (l *loader) imply(array, name, text string) {
	first := item(array, 0)
	if !l.off(array) && (l.off(first) || l.on[first].Kind == File) {
		return
	}
	l.switchOn(first, l.on[onCallSection])
	l.implied.put(join(first, name), value{text: text, origin: Origin{Kind: Default}})
}

// firstPagerDuty returns the number of the first PagerDuty source; -1: none.
func (l *loader) firstPagerDuty() int {
	for n := range maxItems {
		if kind, ok := l.first(join(item(sourceArray, n), "kind")); ok && kind.text == source.KindPagerDuty {
			return n
		}
	}
	return -1
}

// fileBefore returns the file that holds a setting in the folder of
// pagerduty-voys-webhook.
func (l *loader) fileBefore(f former) string {
	folder, ok := l.first(legacyFolder)
	if !ok {
		folder.text = l.schema.find(legacyFolder).initial
	}
	return filepath.Join(l.resolve(string(setting.Path(folder.text).In(folder.folder))), f.file)
}

// readFilesBefore reads the files of pagerduty-voys-webhook for settings that
// nothing else gives.
func (l *loader) readFilesBefore(into layer) {
	for _, f := range formerNames(l.pagerDuty) {
		if l.off(onCallSection) || !f.isOnCall() || l.has(f.path) || l.schema.find(f.path) == nil {
			continue
		}
		at := Origin{Kind: SecretFile, File: l.fileBefore(f)}
		content, err := l.read(at.File)
		switch {
		case err == nil:
			into.put(f.path, value{text: strings.TrimSpace(content), origin: at})
		case !errors.Is(err, fs.ErrNotExist):
			l.reportValue(f.path, at, "%s is to be in this file, which cannot be read: %s", f.path, reason(err))
		}
	}
}

// remedyBefore says how to give a setting that pagerduty-voys-webhook had, with
// every place for it.
func (l *loader) remedyBefore(k *node, path string, f former) string {
	var ways []string
	if l.from.Path != "" {
		way := "write " + k.line()
		if k.kind.secret {
			way += fmt.Sprintf(" or %s = \"…\"", k.name+filePath)
		}
		ways = append(ways, way+" "+l.where(path))
	}
	ways = append(ways, fmt.Sprintf("set %s, in the environment or in %s", strings.Join(k.variables(path, l.pagerDuty), " or "), dotenvFile))
	if k.kind.secret {
		ways = append(ways, "hand over the systemd credential "+path)
	}
	return strings.Join(ways, ", ") + ", or put it into the file " + l.fileBefore(f)
}
