package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/switchhook/switchhook/internal/server"
)

// listener checks the server's main address.
func (e *examination) listener(ctx context.Context, address string) {
	err := tryListening(ctx, address)
	if err == nil {
		e.ok("listen", address+" is free")
		return
	}
	if body, status, asked := e.visit(ctx, "http://"+server.Reachable(address)+"/healthz"); asked == nil && status == http.StatusOK && body == alive {
		e.ok("listen", address+": a server of ours answers")
		return
	}
	e.taken("listen", address, err, "listen")
}

// metrics says where metrics are, and who can read them: before there was a
// token, any client on this machine could.
func (e *examination) metrics(ctx context.Context, address string) {
	if address == "" {
		e.ok("metrics", fmt.Sprintf("/metrics at %s wants the token of %s; metrics_listen gives it an address without one",
			e.settings.Listen, filepath.Join(string(e.settings.Data), server.TokenFile)))
		return
	}
	if err := tryListening(ctx, address); err != nil {
		if _, status, asked := e.visit(ctx, "http://"+server.Reachable(address)+"/metrics"); asked != nil || status != http.StatusOK {
			e.taken("metrics", address, err, "metrics_listen")
			return
		}
	}
	text := address + ": anyone who reaches it can read the metrics"
	if exposed(address) {
		e.warn("metrics", text, "let metrics_listen name a loopback or private address, or put a firewall in front of it")
		return
	}
	e.ok("metrics", text)
}

// tryListening returns why an address cannot be listened on.
func tryListening(ctx context.Context, address string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return listener.Close()
}

// taken reports an address that something else listens on.
func (e *examination) taken(about, address string, err error, setting string) {
	e.fail(about, fmt.Sprintf("%s cannot be listened on: %v", address, err), "end what listens there, or choose another address: "+setting)
}

// exposed reports whether an address to listen on may be reachable from the
// internet, as far as the address shows.
func exposed(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast()
}

// publicURL calls the webhook the way the phone system does.
func (e *examination) publicURL(ctx context.Context) {
	const about = "public_url"
	public := e.settings.PublicURL
	body, status, err := e.visit(ctx, public.JoinPath("webresponder").String()+"?id=doctor")
	switch {
	case err != nil:
		e.warn(about, fmt.Sprintf("%s does not answer from here: %v", public, err),
			"start the server and the proxy in front of it; the phone system must reach this address")
	case status != http.StatusOK || !strings.HasPrefix(body, "<Response>") && body != alive:
		e.warn(about, fmt.Sprintf("what answers at %s is not this server (status %d)", public, status),
			"have the proxy forward /webresponder, /widget.js, /click-to-call and the forms, /update-sms and /update-domain, to "+string(e.settings.Listen))
	case public.Scheme != "https":
		e.warn(about, public.String()+" answers, but is not encrypted", "put a proxy with TLS in front of it; callers' numbers go over this line")
	default:
		e.ok(about, public.String()+" answers")
	}
}

// alive is what a server of ours answers to a visit.
const alive = "ok\n"

// visit fetches a page. A server of the same settings leaves it out of its log and its
// metrics, and does not act on it.
func (e *examination) visit(ctx context.Context, address string) (body string, status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", 0, err
	}
	if visit := server.NewVisit(string(e.settings.Data)); visit != "" {
		request.Header.Set(server.VisitHeader, visit)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // without the URL, which the reader knows
		}
		return "", 0, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	return string(text), response.StatusCode, err
}
