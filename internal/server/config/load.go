package config

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// Sources are the places that Load reads settings from. The zero value reads a
// .env and the domains.json of an old folder from the working directory.
type Sources struct {
	// Path is the settings file; empty for none. A relative one begins in Dir.
	Path string

	// Flags are what the command line says, by path in the settings file:
	// "listen", or "trusted_proxies.0" for an item of a list.
	Flags map[string]string

	// Environ is the environment, as os.Environ returns it.
	Environ []string

	// Dir is the working directory; empty for that of the process.
	Dir string

	// CredentialsDir is the folder of systemd's credentials, which it names in
	// CREDENTIALS_DIRECTORY; empty for none.
	CredentialsDir string

	// LegacyDir is where this machine has the files of pagerduty-voys-webhook;
	// empty for the place in its documentation.
	LegacyDir string
}

const (
	// dotenvFile holds variables that count like the environment's.
	dotenvFile = ".env"

	// oldEntries is the file of entries that marks a working directory as the
	// folder of the Flask service.
	oldEntries = "domains.json"
)

// Load reads the settings. The first place with a value for a key wins: the
// command line, SWITCHHOOK_… in the environment, its old name there, both in
// .env, a systemd credential (secrets only), the file that a secret's _file
// names, the settings file, the folder of pagerduty-voys-webhook, the default.
// Empty text is no value.
//
// The error is an *Error with every problem, including those of places that did
// not win. Load reads files, and does nothing else.
func Load(from Sources) (*Settings, error) {
	l := &loader{
		from: from, schema: schema(), causes: make(map[string]Origin), attempts: make(map[string]bool),
		implied: make(map[string]string), filled: make(map[string]reflect.Value), origins: make(map[string]Origin),
	}
	if from.LegacyDir != "" {
		l.implied[legacyFolder] = from.LegacyDir
	}
	file := l.file() // first, so that its heads are the reason why sections are on
	flags := l.variables(l.flags())
	environ := l.variables(l.environ())
	dotenv := l.variables(l.dotenv())
	l.layers = []layer{flags.own, environ.own, environ.old, dotenv.own, dotenv.old, l.credentials(), file.own}
	if l.inOldFolder(dotenv.old) {
		l.takeOver()
	}
	l.takeOverOnCall(environ, dotenv)
	l.layers = l.layers[:len(l.layers)-1] // the files of secrets come before the settings file
	contents := l.contents(flags.files, environ.files, dotenv.files, file.files)
	l.layers = append(l.layers, contents, file.own)
	before := l.filesBefore() // for settings that those lack
	l.layers = append(l.layers, before)
	settings := &Settings{origins: l.origins, pagerDuty: l.pagerDuty}
	l.fill(l.schema, "", reflect.ValueOf(settings).Elem())
	l.requireWhatIsNeeded()
	l.checkListeners(settings)
	if settings.OnCall != nil && !l.incomplete {
		l.check(settings.OnCall.Check(l.isGiven))
	}
	if err := sorted(l.problems); err != nil {
		return nil, err
	}
	settings.weak = l.weak
	return settings, nil
}

// layer is what one place says about settings, by their paths.
type layer map[string]*value

// loader is one call of Load.
type loader struct {
	from     Sources
	schema   *node
	layers   []layer // the first wins
	problems []Problem
	weak     []Weak
	filled   map[string]reflect.Value // the fields that have a value
	origins  map[string]Origin        // where their values are from

	causes     map[string]Origin // of the sections that are on: what switched them on
	attempts   map[string]bool   // settings that were given, but invalid
	implied    map[string]string // values of settings that need not be given
	pagerDuty  int               // the source that uses pagerduty-voys-webhook's names; -1: none
	refused    bool              // a setting's feature is not in this version
	oldFolder  bool              // an old folder's default overrides the setting's
	incomplete bool              // so much is unreadable that nothing can be called missing
}

func (l *loader) report(at Origin, format string, args ...any) {
	l.problems = append(l.problems, problemf(at, format, args...))
}

// resolve returns a file's name relative to the process.
func (l *loader) resolve(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(l.from.Dir, name)
}

// maxFile is the most that we read of a settings file, a .env or a secret's
// file, in bytes: a hundred times what any of them should hold.
const maxFile = 256 << 10

// Reasons why files cannot be read.
var (
	errNotFile = errors.New("it is not a file")
	errTooBig  = errors.New("it is larger than 256 KiB")
)

// read returns the content of a file; see resolve for its name. Only regular
// files are read: settings are read again at each reload, which a pipe would
// not survive, and a device might never end.
func (l *loader) read(name string) (string, error) {
	name = l.resolve(name)
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", errNotFile
	case info.Size() > maxFile:
		return "", errTooBig
	}
	content, err := os.ReadFile(name)
	return string(plaintext.Decode(content)), err
}

// reason returns why a file could not be read, without the name of the file.
func reason(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no such file"
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// flags returns the flags as environment variables.
func (l *loader) flags() []variable {
	var all []variable
	for _, path := range slices.Sorted(maps.Keys(l.from.Flags)) {
		all = append(all, variable{variableName(path), l.from.Flags[path], Origin{Kind: Flag, Name: path}})
	}
	return all
}

func (l *loader) environ() []variable {
	var all []variable
	for _, pair := range l.from.Environ {
		if name, value, ok := strings.Cut(pair, "="); ok && name != "" {
			all = append(all, variable{name, value, Origin{Kind: Environ, Name: name}})
		}
	}
	slices.SortStableFunc(all, func(a, b variable) int { return cmp.Compare(a.name, b.name) })
	return all
}

// dotenv returns the variables in .env: the one beside the settings file,
// otherwise the one in the working directory. A folder of that name, as some
// have for their Python, is ignored.
func (l *loader) dotenv() []variable {
	names := []string{dotenvFile}
	if beside := filepath.Join(filepath.Dir(l.from.Path), dotenvFile); l.from.Path != "" && beside != dotenvFile {
		names = []string{beside, dotenvFile}
	}
	for _, name := range names {
		content, err := l.read(name)
		switch {
		case err == nil:
			found, problems := readDotenv(content, name)
			for _, p := range problems {
				l.attemptVariable(p.Origin.Name, p.Origin)
			}
			l.problems = append(l.problems, problems...)
			return found
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, errNotFile):
			continue
		}
		l.report(Origin{Kind: Dotenv, File: name}, "this file cannot be read: %s", reason(err))
		l.incomplete = true
		return nil
	}
	return nil
}

// credentials returns the secrets from systemd, each in a file named after the
// path of the setting.
func (l *loader) credentials() layer {
	found := make(layer)
	if l.from.CredentialsDir == "" {
		return found
	}
	files, err := os.ReadDir(l.resolve(l.from.CredentialsDir))
	if err != nil {
		return found // there are none
	}
	for _, file := range files {
		path := file.Name()
		if k := l.schema.find(path); k == nil || !k.secret() {
			continue
		}
		at := Origin{Kind: Credential, Name: path}
		content, err := l.read(filepath.Join(l.from.CredentialsDir, path))
		if err != nil {
			l.report(at, "this credential cannot be read: %s", reason(err))
			l.attempts[path] = true
			continue
		}
		l.set(found, path, &value{text: withoutLineEnd(content), origin: at})
	}
	return found
}

// contents returns the secrets in the files that the given layers name; the
// first layer wins. A file is only opened if the layers so far lack its secret:
// it may be meant for another machine.
func (l *loader) contents(named ...layer) layer {
	found, first := make(layer), make(layer)
	for _, names := range slices.Backward(named) {
		maps.Copy(first, names)
	}
	for _, path := range slices.Sorted(maps.Keys(first)) {
		if !l.has(path) {
			l.readSecret(found, path, first[path])
		}
	}
	return found
}

func (l *loader) readSecret(into layer, path string, name *value) {
	file := name.text
	if !filepath.IsAbs(file) {
		file = filepath.Join(name.folder, file)
	}
	content, err := l.read(file)
	content = withoutLineEnd(content)
	switch {
	case err != nil:
		l.report(name.origin, "%s is to be in the file %s, which cannot be read: %s", path, file, reason(err))
	case content == "":
		l.report(name.origin, "%s is to be in the file %s, which is empty", path, file)
	default:
		l.set(into, path, &value{text: content, origin: Origin{Kind: SecretFile, File: file}})
		return
	}
	l.attempts[path] = true
}

func withoutLineEnd(content string) string { return strings.TrimRight(content, "\r\n") }

// set records the value of a setting. Empty text is no value.
func (l *loader) set(in layer, path string, v *value) {
	if (v.form == bare || v.form == text) && v.text == "" {
		return
	}
	in[path] = v
	l.given(path, v.origin)
}

// given switches on the sections that a given setting switches on.
func (l *loader) given(path string, by Origin) {
	l.switchOn(sectionOf(path), by)
	if k := l.schema.find(path); k != nil {
		l.switchOn(k.switches, by)
	}
}

// inOldFolder says whether the working directory is the folder of the Flask
// service: no settings file was given, and it has a domains.json, or a .env
// with that service's names. With the .env alone the domains.json has gone
// missing, which is no reason to look elsewhere for it.
func (l *loader) inOldFolder(named layer) bool {
	if l.from.Path != "" {
		return false
	}
	info, err := os.Stat(l.resolve(oldEntries))
	return len(named) > 0 || err == nil && info.Mode().IsRegular()
}

// takeOver makes the defaults those of an old folder, and switches on what its
// files are for.
func (l *loader) takeOver() {
	l.oldFolder = true
	for _, k := range l.schema.children {
		if k.key != nil && k.folder != "" {
			l.given(k.name, Origin{Kind: Default})
		}
	}
}

// switchOn records that a section and those around it are on, and why. The
// first reason stays.
func (l *loader) switchOn(path string, by Origin) {
	s := l.schema.find(path)
	if path == "" || s == nil {
		return
	}
	if _, on := l.causes[path]; !on {
		l.causes[path] = by
	}
	for _, other := range []string{s.switches, sectionOf(path)} {
		if l.off(other) {
			l.switchOn(other, by)
		}
	}
}

func (l *loader) off(section string) bool {
	_, on := l.causes[section]
	return !on
}
