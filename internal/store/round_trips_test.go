package store_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// TestCallersWaitForFewRoundTrips counts how often PostgreSQL is asked while
// somebody waits, and others wait for their locks.
func TestCallersWaitForFewRoundTrips(t *testing.T) {
	for _, test := range []struct {
		name string
		most int64
		do   func(t *testing.T, s *store.Store, number string)
	}{
		{"a text", 12, func(t *testing.T, s *store.Store, number string) {
			now := time.Now()
			begun, err := s.Begin(t.Context(), ledger.Key{Entry: "shop", CallID: number, Caller: number}, tenant, now, capped(number, ledger.Counted{},
				ledger.Cap{Scope: ledger.OfEntry, Of: "shop", Most: 500, Per: time.Hour}, ledger.Cap{Scope: ledger.OfTenant, Of: tenant, Most: 2000, Per: time.Hour}))
			if err == nil {
				err = s.Finish(t.Context(), ledger.Result{ID: begun.Text.ID, Attempt: 1, At: now, State: ledger.Sent, Reason: "sent"})
			}
			if err != nil {
				t.Fatal(err)
			}
		}},
		{"a press", 12, func(t *testing.T, s *store.Store, number string) {
			a := asked(number, "")
			a.Site = "192.0.2.0/20"
			for _, c := range []clicktocall.Cap{
				{Scope: clicktocall.OfNumber, Of: number}, {Scope: clicktocall.OfNetwork, Of: a.Network}, {Scope: clicktocall.OfSite, Of: a.Site},
				{Scope: clicktocall.OfBlock, Of: a.Block}, {Scope: clicktocall.OfWidget, Of: a.Entry}, {Scope: clicktocall.OfTenant, Of: a.Tenant},
			} {
				c.Most, c.Per = 3, time.Hour
				a.Caps = append(a.Caps, c)
				c.Most, c.Per = 9, 24*time.Hour
				a.Caps = append(a.Caps, c)
			}
			c, _, known := beginCall(t, s, a, time.Now())
			if c == nil {
				t.Fatalf("the press is refused: %+v", known)
			}
			finishCall(t, s, c, clicktocall.Placed, time.Now())
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := storetest.Postgres(t)
			asked := countAsked(t, &config)
			s := storetest.Open(t, config)
			test.do(t, s, "12125550101") // also prepares the statements
			before := asked.Load()
			test.do(t, s, "12125550102")
			if n := asked.Load() - before; n > test.most {
				t.Errorf("PostgreSQL is asked %d times, at most %d are needed", n, test.most)
			}
		})
	}
}

// countAsked has a store connect through a proxy that counts what PostgreSQL is
// asked.
func countAsked(t *testing.T, config *store.Config) *atomic.Int64 {
	t.Helper()
	at, err := url.Parse(config.URL)
	if err != nil {
		t.Fatal(err)
	}
	const socket = ".s.PGSQL.5432"
	query := at.Query()
	server, folder := filepath.Join(query.Get("host"), socket), t.TempDir()
	query.Set("host", folder)
	at.RawQuery = query.Encode()
	config.URL = at.String()
	listener, err := net.Listen("unix", filepath.Join(folder, socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	asked := new(atomic.Int64)
	go func() { // ends with the listener
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go pass(t, client, server, asked) // ends with the store
		}
	}()
	return asked
}

// pass passes a connection on.
func pass(t *testing.T, client net.Conn, server string, asked *atomic.Int64) {
	defer client.Close()
	upstream, err := net.Dial("unix", server)
	if err != nil {
		t.Error(err)
		return
	}
	defer upstream.Close()
	go func() {
		_, _ = io.Copy(client, upstream) // until either side is closed
		_ = client.Close()
	}()
	if err := passAsked(bufio.NewReader(client), upstream, asked); !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// passAsked passes messages on and counts those that PostgreSQL answers: Query
// and Sync (PostgreSQL's manual, "Message Formats").
func passAsked(from *bufio.Reader, to io.Writer, asked *atomic.Int64) error {
	for first := true; ; first = false {
		head := 5 // a type and a length
		if first {
			head = 4 // the startup message has no type
		}
		text, err := from.Peek(head)
		if err != nil {
			return err
		}
		if kind := text[0]; !first && (kind == 'Q' || kind == 'S') {
			asked.Add(1)
		}
		whole := int64(binary.BigEndian.Uint32(text[head-4:])) + int64(head) - 4
		if _, err := io.CopyN(to, from, whole); err != nil {
			return err
		}
	}
}
