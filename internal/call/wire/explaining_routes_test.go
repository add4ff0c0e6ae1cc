package wire_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/test/await"
)

// explainer repeats its arguments.
type explainer struct{}

func (explainer) Explain(from, to string, at time.Time) (steps []string, end string, reached bool) {
	when := "now"
	if time.Since(at).Abs() > await.Limit {
		when = at.UTC().Format(time.RFC3339)
	}
	return []string{from, to, when}, "web", true
}

func TestRoutesAreExplainedToTheOperator(t *testing.T) {
	server := httptest.NewServer(behindDoor(&wire.Routes{Explainer: explainer{}}))
	t.Cleanup(server.Close)
	d := wire.Dialer{Core: server.URL, Token: token}
	at := time.Date(2026, 1, 31, 13, 0, 0, 0, time.FixedZone("", 3600))
	for _, c := range []struct {
		at   time.Time
		want []string
	}{
		{time.Time{}, []string{"+1 & co", "2000@example.net", "now"}},
		{at, []string{"+1 & co", "2000@example.net", "2026-01-31T12:00:00Z"}},
	} {
		route, err := d.Explain(t.Context(), "+1 & co", "2000@example.net", c.at)
		if err != nil || !slices.Equal(route.Steps, c.want) || route.End != "web" || !route.Reached {
			t.Errorf("%+v, %v", route, err)
		}
	}
	if _, err := d.Explain(t.Context(), "1", "", time.Time{}); err == nil || !strings.Contains(err.Error(), "to is missing") {
		t.Errorf("without a number: %v", err)
	}
	d.Token = "nss_another"
	if _, err := d.Explain(t.Context(), "1", "2", time.Time{}); fault.CodeOf(err) != fault.Refused {
		t.Errorf("with another token: %v", err)
	}
}

func TestRoutesAtNoTime(t *testing.T) {
	server := httptest.NewServer(behindDoor(&wire.Routes{Explainer: explainer{}}))
	t.Cleanup(server.Close)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"?"+url.Values{"to": {"1"}, "at": {"noon"}}.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d", response.StatusCode)
	}
}
