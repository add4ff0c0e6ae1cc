package bench_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// firstCaller is the number of caller 0. There are callers enough for all runs
// in its area, and none of them calls twice.
const firstCaller = 1_646_200_0000

// callers counts the callers of all runs.
var callers atomic.Int64

// number returns a caller's number, as a phone system sends it.
func number(caller int64) string { return fmt.Sprintf("+%d", firstCaller+caller) }

// phoneSystem takes every text, after a time that it always needs.
type phoneSystem struct {
	url   string
	takes time.Duration

	mu    sync.Mutex
	texts map[int64]text // by caller
}

// text is what a phone system knows of a caller's text.
type text struct {
	times   int           // that it came
	took    time.Duration // until it was accepted
	message string
}

func newPhoneSystem(b *testing.B, takes time.Duration) *phoneSystem {
	b.Helper()
	system := &phoneSystem{takes: takes, texts: map[int64]text{}}
	server := httptest.NewServer(system)
	b.Cleanup(server.Close)
	system.url = server.URL
	return system
}

// ServeHTTP takes texts, and has nothing of what else it is asked for.
func (p *phoneSystem) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	if r.Method == http.MethodGet {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "[]")
		return
	}
	var sms struct{ Destination, Message string }
	err := json.NewDecoder(r.Body).Decode(&sms)
	caller, notNumber := strconv.ParseInt(sms.Destination, 10, 64)
	if err == nil && notNumber == nil && strings.HasSuffix(r.URL.Path, "/messages") && r.Header.Get("Authorization") == "Bearer "+token {
		if p.takes > 0 {
			<-time.After(p.takes - time.Since(began))
		}
		p.took(caller-firstCaller, sms.Message, time.Since(began))
	}
	w.WriteHeader(http.StatusAccepted)
}

func (p *phoneSystem) took(caller int64, message string, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.texts[caller] = text{times: p.texts[caller].times + 1, took: took, message: message}
}

// of returns a caller's text.
func (p *phoneSystem) of(caller int64) text {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.texts[caller]
}
