package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/answer/source"
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
	path     string // of the setting; * is the number of the first PagerDuty source
	variable string // in the environment
	common   bool   // other programs use this variable as well
	file     string // in the folder of pagerduty-voys-webhook
}

func formerNames() []former {
	return []former{
		{path: "netsapiens.token", variable: "NS_TOKEN"},
		{path: "forms.secret", variable: "UPDATE_SECRET"},
		{path: "oncall.secret", variable: "SECRET_KEY", common: true, file: "secret_key"},
		{path: "oncall.source.*.api_key", variable: "API_KEY", common: true, file: "api_key"},
		{path: "oncall.source.*.escalation_policy", variable: "ESCALATION_POLICY_ID", file: "escalation_policy_id"},
	}
}

// of returns the path of the setting for a source, if it is a source's; "" for
// source -1, which is none.
func (f former) of(source int) string {
	if source < 0 && strings.Contains(f.path, "*") {
		return ""
	}
	return strings.Replace(f.path, "*", fmt.Sprint(source), 1)
}

func (f former) isOnCall() bool { return f.file != "" }

// oldName returns the former name that equals a variable, or nil.
func oldName(variable string) *former {
	return findFormer(func(f former) bool { return f.variable == variable })
}

// oldNameOf returns the former name of a setting, or nil.
func oldNameOf(path string, source int) *former {
	return findFormer(func(f former) bool { return f.of(source) == path })
}

func findFormer(is func(former) bool) *former {
	all := formerNames()
	if i := slices.IndexFunc(all, is); i >= 0 {
		return &all[i]
	}
	return nil
}

// takeOverOnCall uses the variables and files of pagerduty-voys-webhook, and
// adds the implied settings.
//
// API_KEY and SECRET_KEY are names that many programs use. They, and the folder
// of that service, switch on-call routing on only if nothing else is on;
// ESCALATION_POLICY_ID always does.
func (l *loader) takeOverOnCall(environ, dotenv variableLayers) {
	if at := l.runsOnCallBefore(environ.onCall, dotenv.onCall); l.off(onCallSection) && at.Kind != NotSet {
		l.switchOn(onCallSection, at)
	}
	if l.off(onCallSection) {
		return
	}
	l.imply(sourceArray, "kind", source.KindPagerDuty)
	l.imply(routeArray, "name", impliedRoute)
	l.pagerDuty = l.firstPagerDuty()
	for _, variables := range []variableLayers{environ, dotenv} {
		for name, v := range variables.onCall {
			if path := oldName(name).of(l.pagerDuty); path != "" { // otherwise no source uses it
				l.set(variables.old, path, v)
			}
		}
	}
}

// runsOnCallBefore returns why on-call routing is on without a setting that
// says so; NotSet: it is not.
func (l *loader) runsOnCallBefore(given ...map[string]*value) Origin {
	anything := l.anythingOn()
	for _, variables := range given {
		for _, f := range formerNames() {
			if v, ok := variables[f.variable]; ok && (!anything && !l.incomplete || !f.common) {
				return v.origin
			}
		}
	}
	if anything || l.from.Path != "" {
		return Origin{}
	}
	for _, f := range formerNames() {
		if !f.isOnCall() {
			continue
		}
		file := l.fileBefore(&f)
		if info, err := os.Stat(l.resolve(file)); err == nil && info.Mode().IsRegular() {
			return Origin{Kind: SecretFile, File: file}
		}
	}
	return Origin{}
}

// imply adds the first item of an array that has none, with an implied value.
// If the settings file has the item, the file has to say it.
func (l *loader) imply(array, name, text string) {
	first := item(array, 0)
	if !l.off(array) && (l.off(first) || l.causes[first].Kind == File) {
		return
	}
	l.switchOn(first, l.causes[onCallSection])
	l.implied[join(first, name)] = text
}

// firstPagerDuty returns the number of the first PagerDuty source; -1: none.
func (l *loader) firstPagerDuty() int {
	for n := range maxItems {
		if !l.off(item(sourceArray, n)) && l.text(join(item(sourceArray, n), "kind")) == source.KindPagerDuty {
			return n
		}
	}
	return -1
}

// text returns the text of a setting as written, or its implied value.
func (l *loader) text(path string) string {
	for _, layer := range l.layers {
		if v, ok := layer[path]; ok {
			return v.text
		}
	}
	return cmp.Or(l.implied[path], l.schema.find(path).initial)
}

// fileBefore returns the file that holds a setting in the folder of
// pagerduty-voys-webhook.
func (l *loader) fileBefore(f *former) string {
	folder := l.schema.find(legacyFolder)
	parsed, _, found := l.value(folder, legacyFolder)
	if !found {
		parsed, _ = l.initial(folder, legacyFolder)
	}
	return filepath.Join(parsed.String(), f.file)
}

// filesBefore returns what the files of pagerduty-voys-webhook say about
// settings that nothing else gives.
func (l *loader) filesBefore() layer {
	found := make(layer)
	if l.off(onCallSection) {
		return found
	}
	for _, f := range formerNames() {
		path := f.of(l.pagerDuty)
		if !f.isOnCall() || path == "" || l.has(path) || l.attempts[path] {
			continue
		}
		file := l.fileBefore(&f)
		content, err := l.read(file)
		switch {
		case err == nil:
			l.set(found, path, &value{text: strings.TrimSpace(content), origin: Origin{Kind: SecretFile, File: file}})
		case !errors.Is(err, fs.ErrNotExist):
			l.report(Origin{Kind: SecretFile, File: file}, "%s is to be in this file, which cannot be read: %s", path, reason(err))
			l.attempts[path] = true
		}
	}
	return found
}

// remedyBefore says how to give a setting that pagerduty-voys-webhook had, with
// every place for it.
func (l *loader) remedyBefore(k *node, path string, f *former) string {
	var ways []string
	if l.from.Path != "" {
		way := "write " + k.line()
		if k.secret() {
			way += fmt.Sprintf(" or %s = \"…\"", k.name+filePath)
		}
		ways = append(ways, way+" "+l.where(path))
	}
	ways = append(ways, fmt.Sprintf("set %s, in the environment or in %s", strings.Join(k.variables(path, l.pagerDuty), " or "), dotenvFile))
	if k.secret() {
		ways = append(ways, "hand over the systemd credential "+path)
	}
	return strings.Join(ways, ", ") + ", or put it into the file " + l.fileBefore(f)
}
