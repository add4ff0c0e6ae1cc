package web_test

import (
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/server/web"
)

// openBounded is a door to a server with a limit of bodies in progress.
func openBounded(t *testing.T, most int) *door {
	t.Helper()
	handler := web.New(web.Config{
		Routes: part.Routes{Webhooks: []part.Route{{Path: "/all", Name: "all", Handler: reads}}}, Bodies: web.NewBodies(most), Log: slog.New(slog.DiscardHandler),
	})
	return openDoor(t, handler.ServeHTTP)
}

// held is a request that holds back its last byte.
const held = "POST /all HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n1234"

const honest = "POST /all HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345"

// asked sends a request and returns the answer's status; it must come at once.
func (d *door) asked(request string) int {
	d.t.Helper()
	began := time.Now()
	response, err := http.ReadResponse(d.connect(request).Reader, nil)
	if took := time.Since(began); took > 0 {
		d.t.Errorf("an honest one waits for %v", took)
	}
	if err != nil {
		d.t.Errorf("an honest one: %v", err)
		return 0
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode
}

func TestSlowBodiesKeepNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openBounded(t, 16)
		const slow, waiting = 100, 4
		answers := make(chan *http.Response, slow)
		for range slow {
			client := d.connect(held)
			go func() { // ends with the connection
				if response, err := http.ReadResponse(client.Reader, nil); err == nil {
					answers <- response
				}
			}()
			synctest.Wait()
		}
		for range 20 {
			if status := d.asked(honest); status != http.StatusOK {
				t.Errorf("an honest one gets %d", status)
			}
		}
		began := time.Now()
		// All but a quarter of the limit give way, and one more to an honest
		// one. By then the others have waited for too long.
		for i := range slow {
			response, want := <-answers, http.StatusServiceUnavailable
			if i > slow-waiting {
				want = http.StatusBadRequest
			}
			if response.StatusCode != want || want == http.StatusServiceUnavailable && response.Header.Get("Retry-After") != "1" || !response.Close {
				t.Errorf("slow one %d gets %d after %v, %v", i, response.StatusCode, time.Since(began), response.Header)
			}
		}
	})
}

// TestSlowBodiesComeBackLate: a client that gave way and came back at once
// would keep the server busy. It gets its answer when it has sent the rest, or
// late.
func TestSlowBodiesComeBackLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openBounded(t, 4)
		first, second := d.connect(held), d.connect(held)
		synctest.Wait()
		last := d.connect(held) // which waits, and those give way
		synctest.Wait()
		began := time.Now()
		send(first, "5")
		if heard := d.hears(first); !strings.HasPrefix(heard, "503 ") || time.Since(began) != 0 {
			t.Errorf("who sends the rest hears %q after %v", heard, time.Since(began))
		}
		if heard := d.hears(second); !strings.HasPrefix(heard, "503 ") || time.Since(began) != web.SlowRefusal {
			t.Errorf("who does not hears %q after %v, want %v", heard, time.Since(began), web.SlowRefusal)
		}
		send(last, "5")
		if heard := d.hears(last); !strings.HasPrefix(heard, "200 ") {
			t.Errorf("who did not give way hears %q", heard)
		}
	})
}

// TestSlowBodiesDoNotKeepConnections: connections that wait for their refusal
// are the first to be closed for others.
func TestSlowBodiesDoNotKeepConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openBounded(t, 16)
		for range web.MaxConnections {
			d.connect(held)
		}
		synctest.Wait()
		for range 20 {
			if status := d.asked(honest); status != http.StatusOK {
				t.Errorf("an honest one gets %d", status)
			}
		}
	})
}

// TestAStopDoesNotWaitForRefusals: a stop does not wait as long as the
// connections of slow bodies would.
func TestAStopDoesNotWaitForRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openBounded(t, 4)
		heard := make(chan string, 3)
		for range 3 {
			client := d.connect(held)
			go func() { heard <- d.hears(client) }() // ends with the connection
			synctest.Wait()
		}
		if took := d.stop(); took > 2*time.Second {
			t.Errorf("the stop takes %v", took)
		}
		var all []string
		for range 3 {
			all = append(all, (<-heard)[:3])
		}
		slices.Sort(all)
		if diff := cmp.Diff([]string{"400", "503", "503"}, all); diff != "" {
			t.Errorf("they hear (-want +got):\n%s", diff)
		}
	})
}

// TestAWholeBodyDoesNotGiveWay: a body that has arrived, but that the server
// has no time to read, is not slow.
func TestAWholeBodyDoesNotGiveWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, goOn := make(chan struct{}), make(chan struct{})
		handler := web.New(web.Config{Bodies: web.NewBodies(4), Log: slog.New(slog.DiscardHandler), Routes: part.Routes{Webhooks: []part.Route{
			{Path: "/all", Name: "all", Handler: reads},
			{Path: "/busy", Name: "busy", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = r.Body.Read(make([]byte, 1))
				close(begun)
				<-goOn
				reads(w, r)
			})},
		}}})
		d := openDoor(t, handler.ServeHTTP)
		client := d.connect(strings.Replace(honest, "/all", "/busy", 1))
		<-begun
		for range 3 {
			d.connect(held)
			synctest.Wait()
		}
		close(goOn)
		if heard := d.hears(client); !strings.HasPrefix(heard, "200 ") {
			t.Errorf("it hears %q", heard)
		}
	})
}
