package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/switchhook/switchhook/internal/setting"
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
	// folder of the Flask service, and oldData the folder of our own files there.
	oldEntries = "domains.json"
	oldData    = "switchhook-data"
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
		from: from, schema: theSchema(), on: make(map[string]Origin), broken: make(layer), implied: make(layer),
		filled: make(map[string]reflect.Value), origins: make(map[string]Origin), digests: make(map[string]digest),
	}
	if from.LegacyDir != "" {
		l.implied.put(legacyFolder, value{text: from.LegacyDir, origin: Origin{Kind: Default}})
	}
	file := l.file() // first, so that its heads are the reason why sections are on
	flags, _ := l.variables(l.flags())
	environ, formerEnviron := l.variables(l.environ())
	dotenv, formerDotenv := l.variables(l.dotenv())
	oldEnviron, oldDotenv, secrets, before := make(layer), make(layer), make(layer), make(layer)
	l.layers = []layer{
		flags, environ, oldEnviron, dotenv, oldDotenv, l.credentials(), secrets, file, before, l.implied, l.broken,
	}
	l.takeOverNames(oldEnviron, formerEnviron, false)
	l.takeOverNames(oldDotenv, formerDotenv, false)
	if l.inOldFolder(oldDotenv) {
		l.takeOverFolder()
	}
	if l.takeOverOnCall(formerEnviron, formerDotenv); !l.off(onCallSection) {
		l.takeOverNames(oldEnviron, formerEnviron, true)
		l.takeOverNames(oldDotenv, formerDotenv, true)
	}
	l.readSecrets(secrets, flags, environ, dotenv, file)
	l.readFilesBefore(before)
	settings := &Settings{origins: l.origins, given: l.digests, pagerDuty: l.pagerDuty}
	l.fill(l.schema.node, "", reflect.ValueOf(settings).Elem())
	if !l.incomplete {
		l.requireWhatIsNeeded(settings)
	}
	if err := sorted(l.problems); err != nil {
		return nil, err
	}
	settings.weak = l.weak
	return settings, nil
}

// loader is one call of Load.
type loader struct {
	from     Sources
	schema   *schema
	layers   []layer // the first wins
	problems []Problem
	weak     []Weak
	filled   map[string]reflect.Value // the fields that have a value
	origins  map[string]Origin        // where their values are from
	digests  map[string]digest        // of the values that somebody gave
	wrong    []setting.Problem        // what features find in their settings

	on         map[string]Origin // the sections that are on, and what switched them on
	broken     layer             // the settings that somebody tried to give
	implied    layer             // values of settings that need not be given
	pagerDuty  int               // the source that uses pagerduty-voys-webhook's names; -1: none
	refused    bool              // a setting's feature is not in this version
	incomplete bool              // so much is unreadable that nothing can be called missing
}

func (l *loader) report(at Origin, format string, args ...any) {
	l.problems = append(l.problems, problemf(at, format, args...))
}

// reportValue reports a problem with the value of a setting, which then counts as
// given.
func (l *loader) reportValue(path string, at Origin, format string, args ...any) {
	l.report(at, format, args...)
	l.attempt(path, at)
}

// attempt records that somebody tried to give a setting, or named the file that
// holds it. What is no setting is ignored.
func (l *loader) attempt(path string, at Origin) {
	if k := l.schema.setting(path); k != nil {
		if k.holds != "" {
			path = strings.TrimSuffix(path, filePath)
		}
		l.broken.put(path, value{form: broken, origin: at})
		l.given(path, at)
	}
}

// first returns the value of a setting from the first layer that has one.
func (l *loader) first(path string) (v value, ok bool) {
	for _, in := range l.layers {
		if v, ok := in.get(path); ok {
			return v, true
		}
	}
	return value{}, false
}

// has says whether a setting is given, valid or not, or implied.
func (l *loader) has(path string) bool {
	_, ok := l.first(path)
	return ok
}

// resolve returns a file's name relative to the process.
func (l *loader) resolve(name string) string { return string(setting.Path(name).In(l.from.Dir)) }

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
				l.problems = append(l.problems, p)
				l.attemptVariable(p.Origin)
			}
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
		if k := l.schema.setting(path); k == nil || !k.kind.secret {
			continue
		}
		at := Origin{Kind: Credential, Name: path}
		content, err := l.read(filepath.Join(l.from.CredentialsDir, path))
		if err != nil {
			l.reportValue(path, at, "this credential cannot be read: %s", reason(err))
			continue
		}
		found.put(path, value{text: withoutLineEnd(content), origin: at})
		l.given(path, at)
	}
	return found
}

// readSecrets reads the secrets in the files that layers name; the first layer
// wins. A file is only opened if no better layer than the settings file has its
// secret: it may be meant for another machine.
func (l *loader) readSecrets(into layer, layers ...layer) {
	named := make(map[string]bool)
	for _, in := range layers {
		for _, path := range in.paths() {
			k := l.schema.setting(path)
			name, ok := in.get(path)
			if k == nil || k.holds == "" || !ok || named[path] {
				continue
			}
			named[path] = true
			secret := strings.TrimSuffix(path, filePath)
			if v, given := l.first(secret); !given || v.form == broken || v.origin.Kind == File {
				l.readSecret(into, secret, name)
			}
		}
	}
}

// readSecret reads a secret in the file that a value names.
func (l *loader) readSecret(into layer, secret string, name value) {
	file := string(setting.Path(name.text).In(name.folder))
	content, err := l.read(file)
	content = withoutLineEnd(content)
	switch {
	case err != nil:
		l.reportValue(secret, name.origin, "%s is to be in the file %s, which cannot be read: %s", secret, file, reason(err))
	case content == "":
		l.reportValue(secret, name.origin, "%s is to be in the file %s, which is empty", secret, file)
	default:
		into.put(secret, value{text: content, origin: Origin{Kind: SecretFile, File: file}})
	}
}

func withoutLineEnd(content string) string { return strings.TrimRight(content, "\r\n") }

// given switches on the sections that a given setting switches on.
func (l *loader) given(path string, by Origin) {
	l.switchOn(sectionOf(path), by)
	if k := l.schema.find(path); k != nil {
		l.switchOn(k.switches, by)
	}
}

// switchOn records that a section and those around it are on, and why. The
// first reason stays.
func (l *loader) switchOn(path string, by Origin) {
	s := l.schema.find(path)
	if path == "" || s == nil {
		return
	}
	if l.off(path) {
		l.on[path] = by
	}
	for _, other := range []string{s.switches, sectionOf(path)} {
		if l.off(other) {
			l.switchOn(other, by)
		}
	}
}

func (l *loader) off(section string) bool {
	_, on := l.on[section]
	return !on
}
