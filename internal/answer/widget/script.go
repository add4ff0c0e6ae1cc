// Package widget makes the click-to-call button of web pages: a hand-written
// script without dependencies, with an entry's branding in it, that asks our
// server for a call.
//
// Scripts.Script makes it, and Script.ServeHTTP serves it; Unknown stands in for
// it if there is no such entry. Preview is a page for operators, with every state
// of the button in it. docs/widget.md describes what the script asks of the
// server, and which answers it understands.
package widget

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // the script
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/fault"
)

const (
	// MaxAge is how long browsers and caches keep a script without asking again,
	// hence how long a change of branding takes.
	MaxAge = 5 * time.Minute

	// Ahead is how far ahead visitors may schedule a call.
	Ahead = 14 * 24 * time.Hour

	// maxKept bounds the scripts that are kept ready, at 9 kB each.
	maxKept = 2000
)

//go:embed widget.js
var source string

//go:embed solver.js
var solver string

// Solver returns an expression of JavaScript whose value does the proof of work:
// a function that takes a challenge and a number of bits, and promises a nonce.
func Solver() string { return strip(solver) }

// code is the script without what only its readers need.
var code = sync.OnceValue(func() string { return strings.Replace(strip(source), "SOLVER", Solver(), 1) })

// Options are what a script needs besides its entry.
type Options struct {
	// URL is our server as visitors reach it, such as https://hooks.example.net;
	// what the button asks goes there.
	URL string

	// Lang is the language that the page demands, ?lang=; empty, or one that we
	// do not speak: the visitor's.
	Lang string

	// AcceptLanguage is the visitor's header of that name. Where it has none of
	// our languages, the entry's counts, and English at last.
	AcceptLanguage string
}

// Script is a script ready to be served. It is immutable.
type Script struct {
	ETag     string // weak: one for both codings
	Language string // of its texts, such as en; empty: it has none
	Varies   bool   // with Accept-Language: another visitor may get another one

	packed []byte // by gzip; nil: there is only the plain text
	plain  []byte
	maxAge time.Duration
}

// Scripts makes scripts, and caches them. The zero Scripts is ready for concurrent
// use.
type Scripts struct {
	mu   sync.Mutex
	kept map[kind]*Script
}

// kind is all that a script is made of.
type kind struct {
	id, url, language string
	branding          entry.Branding
}

// Script returns the script for an entry. The only error is an Options.URL that
// is not one, a *fault.Error.
func (s *Scripts) Script(e *entry.Entry, o Options) (*Script, error) {
	base, err := baseURL(o.URL)
	if err != nil {
		return nil, err
	}
	language, demanded := choose(o.Lang, o.AcceptLanguage, e.Language)
	k := kind{id: e.ID, url: base, language: language, branding: e.Branding}

	s.mu.Lock()
	made := s.kept[k]
	s.mu.Unlock()
	if made == nil {
		made = pack(code()+"("+string(marshal(settingsOf(k, asVisitors)))+");\n", language, MaxAge)
		s.keep(k, made)
	}
	if demanded {
		return made, nil
	}
	varying := *made
	varying.Varies = true
	return &varying, nil
}

func (s *Scripts) keep(k kind, made *Script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = make(map[kind]*Script)
	}
	for other := range s.kept {
		if len(s.kept) < maxKept {
			break
		}
		delete(s.kept, other) // whichever: all are made again in a millisecond
	}
	s.kept[k] = made
}

// unknownAge is shorter than MaxAge: the entry may be on its way.
const unknownAge = time.Minute

// maxShownID bounds how much of a stranger's id we return.
const maxShownID = 100

// Unknown returns what we serve if no entry has an id: a script that says so in
// the console and draws nothing. It is not compressed: anyone can ask for any
// number of them.
func Unknown(id string) *Script {
	if len(id) > maxShownID {
		id = strings.ToValidUTF8(id[:maxShownID], "") + "…"
	}
	says := fmt.Sprintf("Switchhook: there is no click-to-call button with the id %q. Look at ?id= of the script's address.", id)
	script := "console.error(" + string(marshal(says)) + ");\n"
	return &Script{ETag: tagOf(script), plain: []byte(script), maxAge: unknownAge}
}

// baseURL returns the URL of our server without a slash at its end.
func baseURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fault.Newf(fault.Invalid, "the public URL %.200q is not one that a visitor's browser can ask", text).
			WithHint("set public_url, such as https://hooks.example.net")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// strip takes out of a script, or of its looks, what only readers need: lines
// that are comments, and indentation.
func strip(script string) string {
	var kept strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "//") {
			continue
		}
		kept.WriteString(line)
		kept.WriteByte('\n')
	}
	return strings.TrimSuffix(kept.String(), "\n")
}

// marshal returns a value as JSON that can stand in a script, of a page too: the
// encoder escapes <, >, & and the two separators that once ended lines of
// JavaScript.
func marshal(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err) // texts, numbers and maps of texts
	}
	return data
}

func tagOf(script string) string {
	sum := sha256.Sum256([]byte(script))
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

func pack(script, language string, maxAge time.Duration) *Script {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err == nil {
		_, err = io.WriteString(z, script)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic(err) // the level is there, and memory does not fail
	}
	return &Script{
		ETag:     tagOf(script),
		Language: language,
		packed:   packed.Bytes(),
		maxAge:   maxAge,
	}
}

// Text returns the script as it is served to those who do not take gzip.
func (s *Script) Text() []byte {
	if s.packed == nil {
		return s.plain
	}
	z, err := gzip.NewReader(bytes.NewReader(s.packed))
	if err != nil {
		panic(err) // we packed it
	}
	text, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	return text
}

// ServeHTTP answers a GET or HEAD of the script, 304 where the client has it.
// The status is 200 for an unknown id too: browsers do not run what comes with
// another one.
func (s *Script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(s.maxAge/time.Second)))
	h.Set("ETag", s.ETag)
	// Pages that isolate themselves (COEP), or name the script crossorigin, load
	// only what says that it is meant for all.
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Add("Vary", "Accept-Encoding")
	if s.Varies {
		h.Add("Vary", "Accept-Language")
	}
	if has(r.Header.Values("If-None-Match"), s.ETag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := s.packed
	if body != nil && takesGzip(r.Header.Values("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
	} else {
		body = s.Text()
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // on an error the browser has gone: there is no one to tell
	}
}

// has reports whether If-None-Match names a tag, by the weak comparison of RFC
// 9110, section 13.1.2.
func has(header []string, tag string) bool {
	for given := range strings.SplitSeq(strings.Join(header, ","), ",") {
		given = strings.TrimSpace(given)
		if given == "*" || strings.TrimPrefix(given, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// takesGzip reads Accept-Encoding, RFC 9110, section 12.5.3.
func takesGzip(header []string) bool {
	for given := range strings.SplitSeq(strings.Join(header, ","), ",") {
		coding, weight, _ := strings.Cut(given, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding != "gzip" && coding != "*" {
			continue
		}
		_, q, given := strings.Cut(weight, "=")
		value, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
		return !given || err == nil && value > 0
	}
	return false
}
