package nsapi_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/nsapi"
)

func TestTheLogOfARequestHasItsPathAndItsError(t *testing.T) {
	var noted []string
	api, err := nsapi.New(nsapi.Config{
		Core: core.New(core.Config{Log: logTo(io.Discard)}), Keys: []nsapi.Key{{Token: super, Scope: nsapi.SuperUser}}, Log: logTo(io.Discard),
		Note: func(_ context.Context, _ slog.Level, _ string, attrs ...slog.Attr) {
			for _, attr := range attrs {
				noted = append(noted, attr.String())
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		want []string
	}{
		{"/ns-api/v2/version", []string{"path=/ns-api/v2/version"}},
		{"/ns-api/v2/domains/example.net/phonenumbers/19175550123?token=hidden", []string{"path=/ns-api/v2/domains/example.net/phonenumbers/1917•••0123", "error=phone number 1917•••0123 of example.net does not exist"}},
		{"/ns-api/?object=none", []string{"path=/ns-api/", "error="}},
		{"/ns-api/v2/" + strings.Repeat("x", 1000), []string{fmt.Sprintf("path=/ns-api/v2/%s…", strings.Repeat("x", 100)), "error="}},
	} {
		noted = nil
		request := httptest.NewRequest(http.MethodGet, c.path, http.NoBody)
		request.Header.Set("Authorization", "Bearer "+super)
		api.ServeHTTP(httptest.NewRecorder(), request)
		begins := func(got, want string) bool {
			want, cut := strings.CutSuffix(want, "…")
			return strings.HasPrefix(got, want) && (!cut || len(got) < 400)
		}
		if !slices.EqualFunc(noted, c.want, begins) {
			t.Errorf("%s: %s", c.path, cmp.Diff(c.want, noted))
		}
	}
}
