package cli

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/setting"
	"github.com/switchhook/switchhook/internal/tool/telephone"
)

// sipFlags are the flags of calls to a SIP address.
type sipFlags struct {
	Auth      string `help:"For sip: answer challenges as this user, with the password in the file." placeholder:"USER:FILE"`
	Audio     string `help:"For sip: say this WAV file once the call is answered." placeholder:"FILE"`
	Codec     string `help:"For sip: offer this codec alone: pcmu, pcma or g722." placeholder:"NAME"`
	Transport string `help:"For sip: udp, tcp or tls. Default: what the address says, else udp." placeholder:"NAME"`
	DTMF      string `help:"For sip: send keys as events in rtp, by info, or as tones. Default: rtp where the other side takes it, else tones." placeholder:"WAY" name:"dtmf"`
	CA        string `help:"For sip over TLS: trust servers whose certificate is signed by one in this PEM file." placeholder:"FILE" name:"ca"`
}

func isSIP(target string) bool {
	scheme, _, _ := strings.Cut(strings.ToLower(target), ":")
	return scheme == "sip" || scheme == "sips"
}

// overSIP calls a SIP address.
func (c *callCommand) overSIP(ctx context.Context, m *Main) error {
	o, err := c.sipOptions(ctx)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(m.Out)
	var printErr error
	in, screen, live := m.terminal()
	live = live && c.Script == "" && !c.JSON
	if live {
		person, err := listen(in, screen)
		if err != nil {
			return err
		}
		defer person.leave()
		o.Commands, out = person.commands, bufio.NewWriter(person)
		fmt.Fprintln(out, "Keys are sent as you type them; p puts the other side on hold and off it, h hangs up.")
	}
	o.Record = func(event trace.Stamped) {
		printErr = cmp.Or(printErr, printEvent(out, event, c.JSON), out.Flush())
	}
	if c.Hear == "-" {
		player, err := telephone.FindPlayer(ctx)
		if err != nil {
			return err
		}
		defer player.Close()
		o.Speaker = player
	}
	result, err := telephone.CallSIP(ctx, o)
	if result == nil {
		return err
	}
	if o.Hear {
		err = errors.Join(err, writeFile(c.Hear, result.Heard.WriteWAV))
	}
	if err = errors.Join(err, printErr); err != nil {
		return err
	}
	return failedIf(!result.Answered || ctx.Err() != nil)
}

// sipOptions returns what the flags say.
func (c *callCommand) sipOptions(ctx context.Context) (o telephone.SIPOptions, err error) {
	if err := c.notForSIP(); err != nil {
		return o, err
	}
	o = telephone.SIPOptions{
		Target: c.Target, HangupAfter: time.Duration(c.HangupAfter * float64(time.Second)),
		DTMF: softphone.Way(c.DTMF), Hear: c.Hear != "" && c.Hear != "-",
	}
	if o.Phone, err = c.phone(ctx); err != nil {
		return o, err
	}
	if err := canWrite(c.Hear); err != nil {
		return o, err
	}
	if c.Audio != "" {
		if o.Says, err = readSound(c.Audio); err != nil {
			return o, err
		}
	}
	if c.Script != "" {
		o.Script, err = readSIPScript(c.Script)
	}
	return o, err
}

// notForSIP refuses flags of other calls, and values that are none.
func (c *callCommand) notForSIP() error {
	switch {
	case c.Secret != "", c.Method != "GET", len(c.Answer) > 0, c.Barge, c.Save != "", c.Core != "":
		return fault.Newf(fault.Invalid, "--secret, --method, --answer, --barge, --save and --core are not for SIP addresses").
			WithHint("--script presses keys and waits, --audio says a file")
	case c.HangupAfter < 0 || c.HangupAfter > maxHangupAfter.Seconds():
		return fault.Newf(fault.Invalid, "--hangup-after %v is not a number of seconds up to %d", c.HangupAfter, int(maxHangupAfter.Seconds()))
	case c.DTMF != "" && c.DTMF != string(softphone.ByEvents) && c.DTMF != string(softphone.ByInfo) && c.DTMF != string(softphone.ByTones):
		return fault.Newf(fault.Invalid, "--dtmf %q is none of rtp, info and tones", c.DTMF)
	}
	return nil
}

// phone returns the settings of the telephone.
func (c *callCommand) phone(ctx context.Context) (softphone.Config, error) {
	p := softphone.Config{Threads: 1, User: cmp.Or(c.From, "anonymous")}
	var target sip.Uri
	if err := sip.ParseUri(c.Target, &target); err != nil || target.Host == "" {
		return p, fault.Newf(fault.Invalid, "%q is no SIP address", c.Target).WithHint("write it as sip:200@192.0.2.1:5060")
	}
	transport, _ := target.UriParams.Get("transport")
	if target.IsEncrypted() {
		transport = dialog.TLS
	}
	network := strings.ToLower(cmp.Or(c.Transport, transport, dialog.UDP))
	if network != dialog.UDP && network != dialog.TCP && network != dialog.TLS {
		return p, fault.Newf(fault.Invalid, "--transport %q is none of udp, tcp and tls", network)
	}
	at, err := towards(ctx, target)
	if err != nil {
		return p, err
	}
	p.Listen = dialog.Listen{Network: network, Address: netip.AddrPortFrom(at, 0)}
	codec, known := map[string][]sdp.Codec{"": nil, "pcmu": {sdp.PCMU}, "pcma": {sdp.PCMA}, "g722": {sdp.G722}}[strings.ToLower(c.Codec)]
	if !known {
		return p, fault.Newf(fault.Invalid, "--codec %q is none of pcmu, pcma and g722", c.Codec)
	}
	p.Codecs = codec
	if network == dialog.TLS {
		if p.DialTLS, err = c.trust(target.Host); err != nil {
			return p, err
		}
	}
	if p.Account, err = c.account(); p.Account.User != "" {
		p.User = p.Account.User
	}
	return p, err
}

// towards returns the address of this machine by which a host is reached.
func towards(ctx context.Context, target sip.Uri) (netip.Addr, error) {
	const anyPort = "9" // nothing is sent there
	conn, err := new(net.Dialer).DialContext(ctx, "udp", net.JoinHostPort(strings.Trim(target.Host, "[]"), anyPort))
	if err != nil {
		return netip.Addr{}, &fault.Error{Code: fault.Unavailable, Message: target.Host + " cannot be reached", Err: err}
	}
	defer func() { _ = conn.Close() }() // nothing was written
	at, err := netip.ParseAddrPort(conn.LocalAddr().String())
	return at.Addr().Unmap(), err
}

// trust returns the settings of a connection over TLS to a host.
func (c *callCommand) trust(host string) (*tls.Config, error) {
	config := &tls.Config{ServerName: strings.Trim(host, "[]"), MinVersion: tls.VersionTLS12}
	if c.CA == "" {
		return config, nil
	}
	text, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, &fault.Error{Code: fault.NotFound, Message: "the file of --ca cannot be read", Err: err}
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(text) {
		return nil, fault.Newf(fault.Invalid, "%s holds no certificate in PEM", c.CA)
	}
	return config, nil
}

// account reads --auth.
func (c *callCommand) account() (dialog.Account, error) {
	if c.Auth == "" {
		return dialog.Account{}, nil
	}
	user, file, ok := strings.Cut(c.Auth, ":")
	if !ok || user == "" || file == "" {
		return dialog.Account{}, fault.Newf(fault.Invalid, "--auth is not USER:FILE").WithHint("the password is in the file, so that no list of processes shows it")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return dialog.Account{}, &fault.Error{Code: fault.NotFound, Message: "the file of --auth cannot be read", Err: err}
	}
	return dialog.Account{User: user, Password: setting.NewSecret(strings.TrimRight(string(text), "\r\n"))}, nil
}

// readSound reads a WAV file.
func readSound(name string) (*audio.Sound, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, &fault.Error{Code: fault.NotFound, Message: "the file of --audio cannot be read", Err: err}
	}
	defer func() { _ = file.Close() }() // it was only read
	s, err := softphone.ReadWAV(file)
	if err != nil {
		return nil, &fault.Error{Code: fault.Invalid, Message: name + " cannot be said", Err: err}
	}
	return s, nil
}

// maxSIPKeys is how many keys one line of a script may press over SIP.
const maxSIPKeys = 32

// readSIPScript reads a script for a call that has no texts: it cannot tell what
// is said, nor say words.
func readSIPScript(name string) ([]simulator.Step, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	steps, err := simulator.ParseScript(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, s := range steps {
		if s.Do == simulator.Say || s.Do == simulator.Expect {
			return nil, fault.Newf(fault.Invalid, "line %d of the script: over SIP a script can press, wait and hangup", s.Line)
		}
		if len(s.Text) > maxSIPKeys {
			return nil, fault.Newf(fault.Invalid, "line %d of the script presses more than %d keys", s.Line, maxSIPKeys)
		}
	}
	return steps, nil
}
