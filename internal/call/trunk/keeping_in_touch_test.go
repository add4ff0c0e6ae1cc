package trunk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/setting"
)

// carrier is one whose servers answer as a test says. It is used in a bubble.
type carrier struct {
	t     *testing.T
	began time.Time

	mu      sync.Mutex
	changes []string          // of the condition
	says    map[string]string // by method and end of address, else by method, else by end: "503 Retry-After: 60"; "": nothing; "lost": it cannot be reached
	asked   []string          // "0s REGISTER 1 600"
	names   map[string][]string
	lost    error // of the DNS
}

func newCarrier(t *testing.T, says map[string]string) *carrier {
	return &carrier{t: t, began: time.Now(), says: says, names: map[string][]string{
		"sip.carrier.example": {"192.0.2.1", "192.0.2.2"},
	}}
}

// say changes what is answered.
func (c *carrier) say(to, what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.says[to] = what
}

// Ask answers a request.
func (c *carrier) Ask(ctx context.Context, r dialog.Request) (dialog.Answer, error) {
	end := ends([]dialog.Hop{r.Hop})
	c.mu.Lock()
	text := fmt.Sprintf("%v %s %s", time.Since(c.began), r.Method, end)
	for _, h := range r.Header {
		if h.Name() == "Expires" {
			text += " " + h.Value()
		}
	}
	c.asked = append(c.asked, text)
	says := ""
	for _, to := range []string{string(r.Method) + " " + end, string(r.Method), end} {
		if what, ok := c.says[to]; ok {
			says = what
			break
		}
	}
	c.mu.Unlock()
	if says == "" {
		<-ctx.Done()
		return dialog.Answer{}, context.Cause(ctx)
	}
	if says == "lost" {
		return dialog.Answer{}, fault.Newf(fault.Unavailable, "%s cannot be reached", end)
	}
	status, field, _ := strings.Cut(says, " ")
	code := 0
	if _, err := fmt.Sscan(status, &code); err != nil {
		c.t.Fatal(err)
	}
	res := sip.NewResponse(code, "Whatever")
	if name, value, ok := strings.Cut(field, ": "); ok {
		res.AppendHeader(sip.NewHeader(name, value))
	}
	return dialog.Answer{Response: res}, nil
}

// seen returns what was asked since it was called last.
func (c *carrier) seen() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.asked
	c.asked = nil
	slices.SortStableFunc(asked, func(a, b string) int { // those of one time come in any order
		if at, _, _ := strings.Cut(a, " "); !strings.HasPrefix(a, at+" OPTIONS") || !strings.HasPrefix(b, at+" OPTIONS") {
			return 0
		}
		return strings.Compare(a, b)
	})
	return asked
}

// LookupSRV answers that there are no such records.
func (c *carrier) LookupSRV(context.Context, string, string, string) (string, []*net.SRV, error) {
	return "", nil, &net.DNSError{IsNotFound: true}
}

// LookupNetIP returns the addresses of a name.
func (c *carrier) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost != nil {
		return nil, c.lost
	}
	var all []netip.Addr
	for _, text := range c.names[host] {
		all = append(all, netip.MustParseAddr(text))
	}
	if all == nil {
		return nil, &net.DNSError{IsNotFound: true, Name: host, Err: "no such host"}
	}
	return all, nil
}

// attach runs a trunk to the carrier in a bubble, until stop is called or the test
// ends.
func (c *carrier) attach(settings Settings) (tr *Trunk, stop func()) {
	if settings.Address == (Address{}) {
		settings.Address = Address{Host: "sip.carrier.example"}
	}
	settings.Name, settings.Transport, settings.Numbers, settings.CallingCode = "carrier", UDP, E164Plus, "1"
	attached := New(Config{
		Settings: settings, Resolver: c, Log: slog.New(slog.DiscardHandler), Client: func(dialog.Account) Asker { return c }, Changed: c.changed,
	})
	attached.draw = func(int) int { return 0 }
	ctx, cancel := context.WithCancel(c.t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		attached.Run(ctx)
	}()
	stop = sync.OnceFunc(func() { cancel(); <-over })
	c.t.Cleanup(stop)
	return attached, stop
}

func (c *carrier) changed(s State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes = append(c.changes, strings.TrimSpace(fmt.Sprintf("%v %s %s", s.Since.Sub(c.began), s.Condition, s.Why)))
}

// conditions returns what the condition of the trunk became, and when.
func (c *carrier) conditions() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.changes)
}

// registering are the settings of a trunk that registers, for ten minutes each time.
func registering() Settings {
	return Settings{Username: "2005", Password: setting.NewSecret("secret"), Register: true, RegisterEvery: 10 * time.Minute}
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestTrunkRegistersUntilItIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, map[string]string{"1": "200 Expires: 600"})
		tr, stop := c.attach(registering())
		time.Sleep(20 * time.Minute)
		expect(t, "asked", c.seen(), "0s REGISTER 1 600", "7m30s REGISTER 1 600", "15m0s REGISTER 1 600")
		expect(t, "changes", c.conditions(), "0s up")
		if s := tr.State(); s.Condition != Up || s.Registered.Sub(c.began) != 25*time.Minute {
			t.Errorf("its state is %+v", s)
		}
		stop()
		expect(t, "asked at the end", c.seen(), "20m0s REGISTER 1 0")
	})
}

func TestTrunkThatLeavesIsStillAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, map[string]string{"1": "200 Expires: 600", "2": "200"})
		settings := registering()
		settings.OptionsEvery = time.Minute
		tr, stop := c.attach(settings)
		time.Sleep(90 * time.Second)
		c.seen()
		tr.Leave()
		tr.Leave()
		time.Sleep(10 * time.Second)
		if s := tr.State(); !s.Registered.IsZero() {
			t.Errorf("its state is %+v", s)
		}
		time.Sleep(10 * time.Second)
		c.say("1", "") // where we were registered
		time.Sleep(30 * time.Second)
		expect(t, "asked", c.seen(), "1m30s REGISTER 1 0", "2m0s OPTIONS 1", "2m0s OPTIONS 2")
		stop()
		expect(t, "asked at the end", c.seen())
	})
}

func TestTrunkRegistersForAsLongAsTheCarrierInsists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, map[string]string{"1": "423 Min-Expires: 1200"})
		c.attach(registering())
		time.Sleep(time.Second)
		expect(t, "asked", c.seen(), "0s REGISTER 1 600", "0s REGISTER 1 1200")
		expect(t, "changes", c.conditions(), "0s down the carrier answers 423 Whatever")
		c.say("1", "200 Expires: 1200")
		time.Sleep(time.Minute)
		expect(t, "asked", c.seen(), "30s REGISTER 1 1200")
	})
}

// The server at which we are registered dies; the other one takes the registration;
// then both die, and the first comes back.
func TestRegistrationGoesToAServerThatAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, map[string]string{"REGISTER": "200 Expires: 600"})
		tr, _ := c.attach(registering())
		time.Sleep(time.Minute)
		c.say("REGISTER 1", "")
		time.Sleep(7 * time.Minute)
		expect(t, "asked", c.seen(), "0s REGISTER 1 600", "7m30s REGISTER 1 600", "7m40s REGISTER 2 600")
		time.Sleep(8 * time.Minute)
		expect(t, "the server that knows us is asked first", c.seen(), "15m10s REGISTER 2 600")
		c.say("REGISTER", "")
		time.Sleep(10 * time.Minute)
		if s := tr.State(); s.Condition != Down || s.Why != "192.0.2.2:5060 does not answer" && s.Why != "192.0.2.1:5060 does not answer" {
			t.Errorf("its state is %+v", s)
		}
		if s := tr.State(); !s.Registered.IsZero() {
			t.Errorf("it says that it is registered until %v", s.Registered.Sub(c.began))
		}
		c.say("REGISTER 1", "200 Expires: 600")
		time.Sleep(6 * time.Minute)
		if s := tr.State(); s.Condition != Up {
			t.Errorf("its state is %+v", s)
		}
		if n := len(c.conditions()); n != 3 {
			t.Errorf("its condition has changed %d times: %q", n, c.conditions())
		}
	})
}

func TestRefusedRegistrationIsDownAtOnceAndTriedRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, map[string]string{"REGISTER": "403"})
		c.attach(registering())
		time.Sleep(5 * time.Minute)
		expect(t, "asked", c.seen(), "0s REGISTER 1 600", "30s REGISTER 1 600", "1m30s REGISTER 1 600", "3m30s REGISTER 1 600")
		expect(t, "changes", c.conditions(), "0s down the carrier answers 403 Whatever")
	})
}

func TestBusyServerIsLeftAloneForAsLongAsItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, map[string]string{"1": "503 Retry-After: 900", "2": "200 Expires: 600"})
		c.attach(registering())
		time.Sleep(time.Second)
		expect(t, "asked", c.seen(), "0s REGISTER 1 600", "0s REGISTER 2 600")
	})
}

// A carrier that answers OPTIONS has to go on doing so: else we register again, with
// another server.
func TestSilenceOfTheRegistrarRenewsTheRegistration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, map[string]string{"1": "200 Expires: 600", "2": "200 Expires: 600"})
		settings := registering()
		settings.OptionsEvery = 30 * time.Second
		c.attach(settings)
		time.Sleep(45 * time.Second)
		c.seen()
		c.say("1", "")
		time.Sleep(30 * time.Second)
		expect(t, "asked", c.seen(), "1m0s OPTIONS 1", "1m0s OPTIONS 2", "1m10s REGISTER 2 600")
		expect(t, "changes", c.conditions(), "0s up")
	})
}

func TestCarrierThatRegistersUsNeedNotAnswerOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, map[string]string{"REGISTER": "200 Expires: 600"})
		settings := registering()
		settings.OptionsEvery = 30 * time.Second
		c.attach(settings)
		time.Sleep(7 * time.Minute)
		expect(t, "changes", c.conditions(), "0s up")
		registered := 0
		for _, asked := range c.seen() {
			if strings.Contains(asked, "REGISTER") {
				registered++
			}
		}
		if registered != 1 {
			t.Errorf("it has registered %d times", registered)
		}
	})
}

func TestTrunkIsUpWhileAnyServerAnswersAnything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, map[string]string{"2": "404"})
		tr, _ := c.attach(Settings{OptionsEvery: 30 * time.Second})
		time.Sleep(55 * time.Second)
		expect(t, "changes", c.conditions(), "0s up")
		if got := ends(tr.order(time.Now())); got != "2 1" {
			t.Errorf("the servers are tried in the order %s", got)
		}
		c.say("2", "")
		time.Sleep(123 * time.Second)
		expect(t, "changes", c.conditions(), "0s up", "1m40s down no server of sip.carrier.example answers OPTIONS")
		c.say("1", "503")
		time.Sleep(time.Minute)
		expect(t, "changes", (c.conditions())[2:], "3m0s up")
	})
}

// Of a server that nothing can be sent to, such as one with a wrong certificate, an
// operator has to know why; that one does not answer says nothing more.
func TestTrunkThatIsDownSaysWhyNothingCanBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, map[string]string{"1": "", "2": "lost"})
		c.attach(Settings{OptionsEvery: 30 * time.Second})
		time.Sleep(time.Minute)
		expect(t, "changes", c.conditions(), "40s down no server of sip.carrier.example answers OPTIONS: 2 cannot be reached")
	})
}

func TestNameIsResolvedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, map[string]string{})
		tr, _ := c.attach(Settings{Networks: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}})
		has := func(when string, want string) {
			t.Helper()
			synctest.Wait()
			got := ""
			for _, end := range []string{"192.0.2.1", "::ffff:192.0.2.2", "192.0.2.9", "198.51.100.7", "203.0.113.1"} {
				got += map[bool]string{true: "y", false: "n"}[tr.Has(netip.MustParseAddr(end))]
			}
			if got != want {
				t.Errorf("%s it has %s, not %s", when, got, want)
			}
		}
		has("at first", "yynyn")
		c.mu.Lock()
		c.names["sip.carrier.example"] = []string{"192.0.2.9"}
		c.mu.Unlock()
		time.Sleep(61 * time.Second)
		has("after its name has changed", "yyyyn")
		if got := ends(tr.order(time.Now())); got != "9" {
			t.Errorf("calls go to %s", got)
		}
		c.mu.Lock()
		c.lost = errors.New("no DNS")
		c.mu.Unlock()
		time.Sleep(30 * time.Minute)
		has("without DNS", "yyyyn")
		time.Sleep(2 * time.Hour)
		has("without DNS, later", "nnyyn") // its servers of now are kept
		if got := ends(tr.order(time.Now())); got != "9" {
			t.Errorf("calls go to %s", got)
		}
		c.mu.Lock()
		c.lost = nil
		c.mu.Unlock()
		time.Sleep(40 * time.Minute)
		has("an hour later", "nnyyn")
	})
}

func TestAddressIsKnownBeforeTheTrunkRuns(t *testing.T) {
	tr := New(Config{Settings: Settings{Address: Address{Host: "192.0.2.1"}, Transport: UDP}, Log: slog.New(slog.DiscardHandler)})
	if !tr.Has(netip.MustParseAddr("192.0.2.1")) || tr.Has(netip.MustParseAddr("192.0.2.2")) {
		t.Error("the trunk does not know where it is")
	}
	if s := tr.State(); s.Condition != Unknown || !s.Since.IsZero() {
		t.Errorf("its state is %+v", s)
	}
}

// Carriers tell customers apart by a prefix with a #, which stands for itself nowhere
// in a SIP address (RFC 3261 section 25.1).
func TestAPrefixIsWrittenAsAddressesAreWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, _ := newCarrier(t, map[string]string{}).attach(Settings{Prefix: "*12#"})
		synctest.Wait()
		all, err := tr.Outgoing(t.Context(), engine.Outside{To: "+442079460123"})
		if err != nil {
			t.Fatal(err)
		}
		if got := all[0].Target.String(); got != "sip:*12%23+442079460123@sip.carrier.example" {
			t.Errorf("called is %s", got)
		}
	})
}

func TestCallsAreTriedAtOneServerAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, map[string]string{})
		settings := Settings{Username: "2005", Password: setting.NewSecret("secret"), Prefix: "9"}
		tr, _ := c.attach(settings)
		synctest.Wait()
		who := engine.Outside{To: "+442079460123", From: "+12125550100"}
		all, err := tr.Outgoing(t.Context(), who)
		if err != nil || len(all) != 2 {
			t.Fatalf("%d attempts, %v", len(all), err)
		}
		var got []string
		for _, o := range all {
			got = append(got, fmt.Sprintf("%s by %s within %v as %s", o.Target.String(), ends([]dialog.Hop{o.Hop}), o.Patience, o.Account.User))
		}
		expect(t, "attempts", got, "sip:9+442079460123@sip.carrier.example by 1 within 4s as 2005", "sip:9+442079460123@sip.carrier.example by 2 within 0s as 2005")

		for _, end := range []struct {
			name string
			dialog.Ended
			next bool
		}{
			{"busy", dialog.Ended{Status: 486, Cause: engine.Busy, Theirs: true}, false},
			{"a wrong number", dialog.Ended{Status: 404, Cause: engine.Nowhere, Theirs: true}, false},
			{"given up", dialog.Ended{Status: 487, Cause: engine.Unavailable}, false},
			{"no answer", dialog.Ended{Status: 408, Cause: engine.Unavailable, Theirs: true}, true},
			{"too much to do", dialog.Ended{Status: 503, Cause: engine.Overloaded, Theirs: true, Retry: time.Second}, true},
			{"no way there", dialog.Ended{Status: 503, Cause: engine.Unavailable}, true},
		} {
			if next := tr.Tried(all[0], end.Ended); next != end.next {
				t.Errorf("%s: the next server is tried: %t", end.name, next)
			}
		}
		if all, err = tr.Outgoing(t.Context(), who); err != nil || ends([]dialog.Hop{all[0].Hop}) != "2" {
			t.Errorf("the next call goes to %v, %v", all[0].Hop, err)
		}
		for _, to := range []string{"200", "sip:200@example.net", "anonymous", ""} {
			_, err := tr.Outgoing(t.Context(), engine.Outside{To: to})
			if fault.CodeOf(err) != fault.Invalid {
				t.Errorf("a call to %q: %v", to, err)
			}
		}
	})
}

func TestCallFindsTheServersWhenTheyAreNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, map[string]string{})
		c.lost = errors.New("no DNS")
		tr, _ := c.attach(Settings{})
		synctest.Wait()
		if _, err := tr.Outgoing(t.Context(), engine.Outside{To: "+442079460123"}); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("a call to nowhere: %v", err)
		}
		c.mu.Lock()
		c.lost = nil
		c.mu.Unlock()
		if tr.resolved() {
			t.Error("a server is known")
		}
		if all, err := tr.Outgoing(t.Context(), engine.Outside{To: "+442079460123"}); err != nil || len(all) != 2 {
			t.Errorf("%d attempts, %v", len(all), err)
		}
	})
}

func TestNameThatWasNotResolvedIsSoonAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, map[string]string{"REGISTER": "200 Expires: 600"})
		c.lost = errors.New("no DNS")
		tr, _ := c.attach(registering())
		time.Sleep(time.Second)
		if s := tr.State(); s.Condition != Unknown || s.Why != "no server of sip.carrier.example is known" {
			t.Errorf("its state is %+v", s)
		}
		c.mu.Lock()
		c.lost = nil
		c.mu.Unlock()
		time.Sleep(10 * time.Second)
		expect(t, "changes", c.conditions(), "7.5s up")
	})
}
