package crash_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/test/await"
)

// taken202 is the key under which successful answers are counted.
const taken202 = "taken"

// stranger is somebody at a page, as the proxy before the servers sees them.
type stranger struct {
	address string
	origin  string // of the page; empty: it sends none, as scripts do
}

// netOf is the network that belongs to a number of numberOf: attackers who are
// many have one each.
func netOf(i int) string { return fmt.Sprintf("%d.%d.0", 31+i%90, i/90) }

// bot is one of many addresses.
func bot(i int, origin string) stranger { return stranger{address: netOf(i) + ".7", origin: origin} }

// firstNumber is that of network 0.
const firstNumber = 12122000000

// numberOf returns a number that is asked for from network i alone.
func numberOf(i int) string { return strconv.Itoa(firstNumber + i*perNetwork) }

// perNetwork is how many numbers a network has.
const perNetwork = 100

// numberIn returns one of several numbers of a network.
func numberIn(network, i int) string { return strconv.Itoa(firstNumber + network*perNetwork + i) }

// networkOfNumber returns the network from which a number was asked for.
func networkOfNumber(number string) string {
	n, err := strconv.Atoi(number)
	if err != nil {
		return number
	}
	return netOf((n - firstNumber) / perNetwork)
}

// The fields of requests and answers.
type fields map[string]string

// given is what servers answer.
type given struct {
	Status    int    `json:"-"`
	Code      string `json:"code"`
	RequestID string `json:"request_id"`
	State     string `json:"state"`
	Token     string `json:"token"`
	Challenge string `json:"challenge"`
	Bits      int    `json:"bits"`
}

// bots are their connections.
var bots = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: attackers}, Timeout: await.Limit}

// post asks a server, as a proxy passes it on.
func (a *attack) post(s *process, who stranger, path string, body fields) given {
	a.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		a.t.Error(err)
		return given{}
	}
	r, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, "http://"+s.address+path, bytes.NewReader(text))
	if err != nil {
		a.t.Error(err)
		return given{}
	}
	r.Header.Set("Content-Type", "application/json")
	// What the attacker wrote precedes what the proxy saw.
	r.Header.Set("X-Forwarded-For", "203.0.113.9, "+who.address)
	if who.origin != "" {
		r.Header.Set("Origin", who.origin)
	}
	response, err := bots.Do(r)
	if err != nil {
		a.t.Error(err)
		return given{}
	}
	defer response.Body.Close()
	g := given{Status: response.StatusCode}
	if err := json.NewDecoder(response.Body).Decode(&g); err != nil {
		a.t.Errorf("%s is answered with %d and no JSON: %v", path, g.Status, err)
	}
	if g.Status != http.StatusOK { // of tokens only refusals are counted
		a.heard.add(statusOf(g.Status, g.Code))
	}
	return g
}

// token asks for a token.
func (a *attack) token(s *process, who stranger, id string) given {
	a.t.Helper()
	return a.post(s, who, "/click-to-call/token", fields{"id": id})
}

// ready does all that a page does before it asks for a call, work included.
func (a *attack) ready(s *process, who stranger, id, phone string) (body fields, ok bool) {
	a.t.Helper()
	g := a.token(s, who, id)
	if g.Status != http.StatusOK {
		return nil, false
	}
	return fields{"id": id, "phone": phone, "token": g.Token, "nonce": a.work(g.Challenge, g.Bits)}, true
}

// press is all of a press of the button: the token of one server is good at the
// other.
func (a *attack) press(s *process, who stranger, id, phone string) {
	a.t.Helper()
	other := a.servers[0]
	if s == other {
		other = a.servers[1]
	}
	if body, ok := a.ready(s, who, id, phone); ok {
		a.post(other, who, "/click-to-call", body)
	}
}

// work finds a nonce, and counts what that took.
func (a *attack) work(challenge string, want int) string {
	for most := a.mostBits.Load(); int64(want) > most && !a.mostBits.CompareAndSwap(most, int64(want)); most = a.mostBits.Load() {
	}
	nonce, hashes := prove(challenge, want)
	a.hashes.Add(int64(hashes))
	return nonce
}

// prove finds a nonce, and returns how many hashes that took: one for each
// number up to it.
func prove(challenge string, want int) (nonce string, hashes int) {
	nonce = clicktocall.Solve(challenge, want)
	n, err := strconv.Atoi(nonce)
	if err != nil {
		panic(err)
	}
	return nonce, n + 1
}

// metricsOf returns what a server with a data folder counts in a series, by its
// label.
func metricsOf(t *testing.T, address, data, series string) map[string]int {
	t.Helper()
	counted := regexp.MustCompile(`(?m)^` + series + `\{[^}]*?="(\w+)"\} (\d+)$`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	token, err := os.ReadFile(filepath.Join(data, server.TokenFile))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	response, err := bots.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]int{}
	for _, found := range counted.FindAllSubmatch(text, -1) {
		n, err := strconv.Atoi(string(found[2]))
		if err != nil {
			t.Fatal(err)
		}
		of[string(found[1])] = n
	}
	return of
}
