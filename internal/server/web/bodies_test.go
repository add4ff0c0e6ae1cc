package web_test

import (
	"bufio"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/server/web"
)

// reads is a handler that reads its body and says so.
var reads = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if _, err := io.ReadAll(r.Body); err != nil {
		http.Error(w, "it cannot be read", http.StatusBadRequest)
		return
	}
	_, _ = io.WriteString(w, "fine")
})

// bounded is a server with a limit of bodies in progress.
func bounded(t *testing.T, most int, handler http.Handler) *httptest.Server {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	s := httptest.NewUnstartedServer(web.New(web.Config{
		Routes: part.Routes{Webhooks: []part.Route{{Path: "/all", Name: "all", Handler: handler}}}, Bodies: web.NewBodies(most), Log: log,
	}))
	s.Config = web.Server(s.Config.Handler, log)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func post(t *testing.T, s *httptest.Server) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/all", strings.NewReader("12345"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestRequestsInHandAreBounded(t *testing.T) {
	came, goOn := make(chan struct{}), make(chan struct{})
	s := bounded(t, 2, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		if r.Method == http.MethodPost && err == nil {
			came <- struct{}{}
			<-goOn
		}
		w.Header().Set("Content-Length", "4")
		_, _ = io.WriteString(w, "fine")
	}))
	var working sync.WaitGroup
	for range 2 {
		working.Go(func() {
			if response := post(t, s); response.StatusCode != http.StatusOK {
				t.Errorf("one in hand gets %d", response.StatusCode)
			}
		})
		<-came
	}
	response := post(t, s)
	text, err := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") != "1" || err != nil || !strings.Contains(string(text), "try again") {
		t.Errorf("one too many gets %d, %v, %q, %v", response.StatusCode, response.Header, text, err)
	}
	get, err := s.Client().Get(s.URL + "/all")
	if err != nil || get.StatusCode != http.StatusOK {
		t.Errorf("one without a body: %v, %v", get, err)
	} else {
		_ = get.Body.Close()
	}
	close(goOn)
	working.Wait()
	go func() { <-came }()
	if response := post(t, s); response.StatusCode != http.StatusOK {
		t.Errorf("there is room again, and one gets %d", response.StatusCode)
	}
}

// TestAnAnswerDoesNotWaitForABodyThatIsNotRead: a client that is refused at
// once gets its answer at once.
func TestAnAnswerDoesNotWaitForABodyThatIsNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuses := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) })
		handler := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Routes: part.Routes{Webhooks: []part.Route{{Path: "/all", Name: "all", Handler: refuses}}}})
		client := pipeTo(t, web.Server(handler, slog.New(slog.DiscardHandler)))
		began := time.Now()
		go func() {
			_, _ = io.WriteString(client, "POST /all HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n1234")
		}()
		response, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil || response.StatusCode != http.StatusForbidden {
			t.Fatalf("%v, %v", response, err)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("it is answered after %v", took)
		}
		_ = response.Body.Close()
	})
}
