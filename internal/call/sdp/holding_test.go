package sdp_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/sdp"
)

// call is a phone's offer in the middle of a call: at an address, with further
// lines.
func call(address string, rest ...string) string {
	return lines(append([]string{"v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 " + address, "t=0 0", "m=audio 4000 RTP/AVP 0"}, rest...)...)
}

func TestEachFormOfHoldIsAnsweredAndEnds(t *testing.T) {
	const phone = "192.0.2.9"
	for _, c := range []struct {
		name string
		hold string
		says string // our answer
		ours sdp.Direction
		away bool // the phone's address is unknown while it holds
	}{
		{"sendonly", call(phone, "a=sendonly"), "a=recvonly", sdp.RecvOnly, false},
		{"inactive", call(phone, "a=inactive"), "a=inactive", sdp.Inactive, false},
		{"no address", call("0.0.0.0"), "a=recvonly", sdp.RecvOnly, true},
		{"no address, sendrecv", call("0.0.0.0", "a=sendrecv"), "a=recvonly", sdp.RecvOnly, true},
		{"no address, sendonly", call("0.0.0.0", "a=sendonly"), "a=recvonly", sdp.RecvOnly, true},
		{"no address, inactive", call("0.0.0.0", "a=inactive"), "a=inactive", sdp.Inactive, true},
		{"no address, recvonly", call("0.0.0.0", "a=recvonly"), "a=inactive", sdp.Inactive, true},
		{"no address in IPv6", strings.Replace(call("::"), "c=IN IP4", "c=IN IP6", 1), "a=recvonly", sdp.RecvOnly, true},
		{"a host that cannot be", call("hold.invalid"), "a=recvonly", sdp.RecvOnly, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			session := sdp.NewSession(7)
			answer(t, &session, call(phone), us())
			before := session.Agreement()

			held, changes, err := session.Answer(parse(t, c.hold), us())
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(held.Bytes()), c.says+"\r\n") || held.Origin.Version != 2 {
				t.Errorf("the answer to hold is\n%s, want %s, version 2", held.Bytes(), c.says)
			}
			agreed := session.Agreement()
			if agreed.Direction != c.ours || !agreed.Held || agreed.Direction.Sends() || agreed.Remote.IsValid() == c.away {
				t.Errorf("agreed on hold: %+v", agreed)
			}
			if want := (sdp.Changes{Direction: true, Address: c.away, Port: c.away}); changes != want {
				t.Errorf("changes: %+v, want %+v", changes, want)
			}

			resumed, changes, err := session.Answer(parse(t, call(phone, "a=sendrecv")), us())
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(resumed.Bytes()), "a=sendrecv\r\n") || resumed.Origin.Version != 3 {
				t.Errorf("the answer to resuming is\n%s, want a=sendrecv, version 3", resumed.Bytes())
			}
			if want := (sdp.Changes{Direction: true, Address: c.away, Port: c.away}); changes != want {
				t.Errorf("changes on resuming: %+v, want %+v", changes, want)
			}
			if diff := cmp.Diff(before, session.Agreement(), addresses); diff != "" {
				t.Errorf("after the hold it is not as before (-before +after):\n%s", diff)
			}
		})
	}
}

func TestDirectionIsWhatBothSidesAllow(t *testing.T) {
	for _, c := range []struct {
		offered string
		want    [4]sdp.Direction // where we want SendRecv, RecvOnly, SendOnly, Inactive
	}{
		{"sendrecv", [4]sdp.Direction{sdp.SendRecv, sdp.RecvOnly, sdp.SendOnly, sdp.Inactive}},
		{"sendonly", [4]sdp.Direction{sdp.RecvOnly, sdp.RecvOnly, sdp.Inactive, sdp.Inactive}},
		{"recvonly", [4]sdp.Direction{sdp.SendOnly, sdp.Inactive, sdp.SendOnly, sdp.Inactive}},
		{"inactive", [4]sdp.Direction{sdp.Inactive, sdp.Inactive, sdp.Inactive, sdp.Inactive}},
	} {
		for i, ours := range []sdp.Direction{sdp.SendRecv, sdp.RecvOnly, sdp.SendOnly, sdp.Inactive} {
			local := us()
			local.Direction = ours
			session := sdp.NewSession(7)
			answer(t, &session, call("192.0.2.9", "a="+c.offered), local)
			if got := session.Agreement().Direction; got != c.want[i] {
				t.Errorf("%s, where we want %s, is %s, want %s", c.offered, ours, got, c.want[i])
			}
		}
	}
}

func TestWeHoldTheOtherSide(t *testing.T) {
	for _, c := range []struct {
		ours   sdp.Direction
		theirs string
		want   sdp.Direction
		held   bool
	}{
		{sdp.SendOnly, "recvonly", sdp.SendOnly, false},
		{sdp.SendOnly, "inactive", sdp.Inactive, true},
		{sdp.SendOnly, "sendrecv", sdp.SendOnly, false}, // it has not understood
		{sdp.Inactive, "inactive", sdp.Inactive, true},
		{sdp.SendRecv, "sendrecv", sdp.SendRecv, false},
		{sdp.SendRecv, "sendonly", sdp.RecvOnly, true},
	} {
		session := sdp.NewSession(7)
		answer(t, &session, call("192.0.2.9"), us())
		local := us()
		local.Direction = c.ours
		if text := string(session.Offer(local).Bytes()); !strings.Contains(text, "a="+c.ours.String()+"\r\n") {
			t.Errorf("the offer does not say %s:\n%s", c.ours, text)
		}
		if _, err := session.Accept(parse(t, call("192.0.2.9", "a="+c.theirs))); err != nil {
			t.Fatal(err)
		}
		if agreed := session.Agreement(); agreed.Direction != c.want || agreed.Held != c.held {
			t.Errorf("%s answered %s is %s, held %t; want %s, %t", c.ours, c.theirs, agreed.Direction, agreed.Held, c.want, c.held)
		}
	}
}

func TestAddressesOfTheOtherSide(t *testing.T) {
	for _, c := range []struct {
		name string
		line string
		want string // empty: its packets must tell
		held bool
	}{
		{"IPv4", "IN IP4 192.0.2.9", "192.0.2.9:4000", false},
		{"IPv4 in IPv6", "IN IP6 ::ffff:192.0.2.9", "192.0.2.9:4000", false},
		{"the wrong family's name", "IN IP6 192.0.2.9", "192.0.2.9:4000", false},
		{"a host name", "IN IP4 phone.example.net", "", false},
		{"multicast", "IN IP4 224.2.1.1/127/3", "", false},
		{"nothing", "", "", false},
		{"too little", "IN IP4", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			session := sdp.NewSession(7)
			answer(t, &session, lines("v=0", "c="+c.line, "m=audio 4000 RTP/AVP 0"), us())
			var want netip.AddrPort
			if c.want != "" {
				want = netip.MustParseAddrPort(c.want)
			}
			if agreed := session.Agreement(); agreed.Remote != want || agreed.Held != c.held || agreed.Direction != sdp.SendRecv {
				t.Errorf("agreed: %+v, want to send to %q", agreed, c.want)
			}
		})
	}
	session := sdp.NewSession(7)
	answer(t, &session, lines("v=0", "c=IN IP6 fe80::1%eth0", "m=audio 4000 RTP/AVP 0"), us6())
	if got := session.Agreement().Remote.String(); got != "[fe80::1]:4000" {
		t.Errorf("an address with a zone is %s", got)
	}
}
