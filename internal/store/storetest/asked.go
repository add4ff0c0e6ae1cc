package storetest

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/switchhook/switchhook/internal/store"
)

// CountAsked has a store connect through a proxy that counts what PostgreSQL is
// asked.
func CountAsked(t testing.TB, config *store.Config) *atomic.Int64 {
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
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(folder, socket))
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
func pass(t testing.TB, client net.Conn, server string, asked *atomic.Int64) {
	defer client.Close()
	upstream, err := (&net.Dialer{}).DialContext(context.Background(), "unix", server)
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
