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

	"github.com/switchhook/switchhook/internal/oncall/source"
)

// The paths of what the on-call service before had names of its own for.
const (
	onCallSection = "oncall"
	sourceArray   = "oncall.source"
	routeArray    = "oncall.route"
	legacyFolder  = "oncall.legacy_folder"
)

// impliedRoute is the name of the route where nobody writes one.
const impliedRoute = "default"

// former is a name that a setting had in the services that Switchhook takes over
// from.
type former struct {
	path     string // of the setting; * stands for the first source that is PagerDuty
	variable string // in the environment
	common   bool   // the variable is one that other programs use as well
	file     string // in the folder of the on-call service
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

// of returns the path of the setting, where it is one of sources that of one of
// them; "" for -1, which is none.
func (f former) of(source int) string {
	if source < 0 && strings.Contains(f.path, "*") {
		return ""
	}
	return strings.Replace(f.path, "*", fmt.Sprint(source), 1)
}

func (f former) isOnCall() bool { return f.file != "" }

// oldName returns the former name that a variable is, or nil.
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

// takeOverOnCall looks at the variables and files of the on-call service before,
// and makes what nobody has to write.
//
// API_KEY and SECRET_KEY are names that many programs use. They, and the folder
// of that service, switch on-call routing on where nothing else is on; the name
// ESCALATION_POLICY_ID does so anywhere.
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
			if path := oldName(name).of(l.pagerDuty); path != "" { // else no source is asked with it
				l.set(variables.old, path, v)
			}
		}
	}
}

// runsOnCallBefore returns why on-call routing is on where no setting says so;
// NotSet: it is not.
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

// imply makes the first item of an array that has none, and gives it a value
// that nobody has to write. Where the settings file has the item it says that
// itself.
func (l *loader) imply(array, name, text string) {
	first := item(array, 0)
	if !l.off(array) && (l.off(first) || l.causes[first].Kind == File) {
		return
	}
	l.switchOn(first, l.causes[onCallSection])
	l.implied[join(first, name)] = text
}

// firstPagerDuty returns the number of the first source that is one of PagerDuty;
// -1: there is none.
func (l *loader) firstPagerDuty() int {
	for n := range maxItems {
		if !l.off(item(sourceArray, n)) && l.text(join(item(sourceArray, n), "kind")) == source.KindPagerDuty {
			return n
		}
	}
	return -1
}

// text returns the text of a setting as it was written, or what nobody has to
// write.
func (l *loader) text(path string) string {
	for _, layer := range l.layers {
		if v, ok := layer[path]; ok {
			return v.text
		}
	}
	return cmp.Or(l.implied[path], l.schema.find(path).initial)
}

// fileBefore returns the file that holds a setting in the folder of the service
// before.
func (l *loader) fileBefore(f *former) string {
	folder := l.schema.find(legacyFolder)
	parsed, _, found := l.value(folder, legacyFolder)
	if !found {
		parsed, _ = l.initial(folder, legacyFolder)
	}
	return filepath.Join(parsed.String(), f.file)
}

// filesBefore returns what the files of the service before say of settings that
// nothing else gives.
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

// remedyBefore says how to give a setting that the service before had, with
// every place where it may stand.
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
