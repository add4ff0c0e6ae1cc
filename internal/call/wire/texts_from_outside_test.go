package wire_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/fault"
)

// receiver stores the last text; it knows one number.
type receiver struct{ got string }

func (r *receiver) ReceiveText(_ context.Context, from, to, message string) error {
	if to != "12125550100" {
		return fault.Newf(fault.NotFound, "SMS number does not exist")
	}
	r.got = from + " " + message
	return nil
}

func TestTextsFromOutsideAreTakenFromTheOperator(t *testing.T) {
	kept := &receiver{}
	texts := behindDoor(&wire.Texts{Receiver: kept})
	for _, c := range []struct {
		name, method, token, body string
		status                    int
		got                       string
	}{
		{"a text", http.MethodPost, token, `{"from":"+19734321440","to":"12125550100","message":"STOP"}`, http.StatusAccepted, "+19734321440 STOP"},
		{"nobody's number", http.MethodPost, token, `{"from":"+19734321440","to":"12125550199","message":"STOP"}`, http.StatusNotFound, ""},
		{"no token", http.MethodPost, "", `{"from":"+19734321440","to":"12125550100","message":"STOP"}`, http.StatusUnauthorized, ""},
		{"asked for", http.MethodGet, token, "", http.StatusMethodNotAllowed, ""},
		{"no JSON", http.MethodPost, token, "STOP", http.StatusBadRequest, ""},
		{"too much", http.MethodPost, token, `{"message":"` + strings.Repeat("x", 20<<10) + `"}`, http.StatusBadRequest, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			kept.got = ""
			r := httptest.NewRequest(c.method, wire.TextPath, strings.NewReader(c.body))
			if c.token != "" {
				r.Header.Set("Authorization", "Bearer "+c.token)
			}
			w := httptest.NewRecorder()
			texts.ServeHTTP(w, r)
			if w.Code != c.status || kept.got != c.got {
				t.Errorf("%d %q, the text is %q; want %d and %q", w.Code, w.Body, kept.got, c.status, c.got)
			}
		})
	}
}
