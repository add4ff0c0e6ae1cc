package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// VisitHeader is the header of a request by which the doctor checks that a server
// answers. A visit is answered for any path that is served, and nothing counts, logs or
// acts on it.
const VisitHeader = "Switchhook-Visit"

// maxVisit bounds the header, in bytes: strangers may write it.
const maxVisit = 200

// visitTime is how long a visit may be under way, by one machine's clock.
const visitTime = time.Minute

// NewVisit returns the value of the header for one request to the server of a data
// folder; empty: this user may not read the folder's token, and visits like anybody.
func NewVisit(folder string) string {
	text, err := os.ReadFile(filepath.Join(folder, TokenFile))
	token := strings.TrimSpace(string(text))
	if err != nil || token == "" {
		return ""
	}
	return signedVisit(token, strconv.FormatInt(time.Now().Unix(), 10)+"."+rand.Text())
}

// signedVisit signs when a visit is made and its number. Only those who can read the
// operator's token can.
func signedVisit(token, visit string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("visit " + visit))
	return visit + "." + hex.EncodeToString(mac.Sum(nil))
}

// visits knows the doctor's visits from others, each once: a proxy on the way may
// repeat or log what it forwards.
type visits struct {
	token string

	mu   sync.Mutex
	seen map[string]time.Time // those within visitTime
}

// is reports whether a request is a visit.
func (v *visits) is(r *http.Request) bool {
	value := r.Header.Get(VisitHeader)
	if value == "" || len(value) > maxVisit || v.token == "" || r.Method != http.MethodGet {
		return false
	}
	visit := value[:max(0, strings.LastIndexByte(value, '.'))]
	if !hmac.Equal([]byte(value), []byte(signedVisit(v.token, visit))) {
		return false
	}
	second, _, _ := strings.Cut(visit, ".")
	unix, err := strconv.ParseInt(second, 10, 64)
	now := time.Now()
	if err != nil || now.Sub(time.Unix(unix, 0)).Abs() > visitTime {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for seen, at := range v.seen {
		if now.Sub(at) > 2*visitTime {
			delete(v.seen, seen)
		}
	}
	if _, seen := v.seen[value]; seen {
		return false
	}
	if v.seen == nil {
		v.seen = map[string]time.Time{}
	}
	v.seen[value] = now
	return true
}
