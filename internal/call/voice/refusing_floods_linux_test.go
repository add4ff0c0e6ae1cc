package voice_test

import (
	"bytes"
	"fmt"
	"net"
	"runtime"
	"testing"

	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/test/await"
)

// TestCallsThatFindNoRoomLeaveNothing calls as a flood does that confirms no
// refusal: each would stay for 32 s with its transaction and its goroutines, and at
// a thousand a second that is a gigabyte.
func TestCallsThatFindNoRoomLeaveNothing(t *testing.T) {
	s := serve(t, echo, func(c *voice.ServerConfig) { c.MaxCalls = 1 })
	first := newCaller(t, s, "127.0.0.1").dial().isAnswered()
	flood, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(s.at))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flood.Close() })
	before := runtime.NumGoroutine()
	const calls = 200
	for i := range calls {
		if refusal := refusedInvite(t, flood, i, "SIP/2.0 503 "); !bytes.Contains(refusal, []byte("\r\nRetry-After: ")) {
			t.Fatalf("the call was answered by\n%s", refusal)
		}
	}
	if left := runtime.NumGoroutine() - before; left > calls/4 { // some are about to end
		t.Errorf("%d refused calls left %d goroutines", calls, left)
	}
	s.counts(t, voice.Counts{InHand: 1, Taken: 1, Refused: map[voice.Refusal]uint64{voice.Full: calls}})
	first.hangUp()
}

// refusedInvite sends an INVITE, and returns the refusal, which begins so.
func refusedInvite(t *testing.T, conn *net.UDPConn, number int, status string) []byte {
	t.Helper()
	at := conn.LocalAddr()
	_, err := fmt.Fprintf(conn, "INVITE sip:100@%[3]s SIP/2.0\r\nVia: SIP/2.0/UDP %[1]s;branch=z9hG4bK%[2]d\r\n"+
		"From: <sip:2125550100@%[1]s>;tag=%[2]d\r\nTo: <sip:100@%[3]s>\r\nCall-ID: flood-%[2]d\r\nCSeq: 1 INVITE\r\n"+
		"Contact: <sip:2125550100@%[1]s>\r\nContent-Length: 0\r\n\r\n", at, number, conn.RemoteAddr())
	if err != nil {
		t.Fatal(err)
	}
	answers := make(chan []byte, 1)
	go func() {
		defer close(answers)
		for {
			answer := make([]byte, 4096)
			n, err := conn.Read(answer)
			if err != nil {
				return
			}
			if bytes.HasPrefix(answer, []byte(status)) {
				answers <- answer[:n]
				return
			}
		}
	}()
	return await.From(t, "the refusal", answers)
}
