package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/switchhook/switchhook/internal/fault"
)

func TestErrorsSayWhatTryingAgainIsWorth(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want fault.Again
	}{
		"down":               {fault.Newf(fault.Unavailable, "it is down"), fault.Later},
		"refused":            {fault.Newf(fault.Refused, "no"), fault.Never},
		"invalid":            {fault.Newf(fault.Invalid, "what?"), fault.Never},
		"not found":          {fault.Newf(fault.NotFound, "where?"), fault.Never},
		"unsupported":        {fault.Newf(fault.Unsupported, "how?"), fault.Never},
		"as it says itself":  {&fault.Error{Code: fault.Unavailable, Again: fault.Uncertain}, fault.Uncertain},
		"wrapped":            {fmt.Errorf("send: %w", fault.Newf(fault.Refused, "no")), fault.Never},
		"of another package": {errors.New("odd"), fault.Later},
		"given up":           {context.Canceled, fault.Later},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fault.AgainOf(c.err); got != c.want {
				t.Errorf("it says %q, want %q", got, c.want)
			}
		})
	}
}

func TestStatusesSayWhatTryingAgainIsWorth(t *testing.T) {
	for status, want := range map[int]fault.Again{
		301: fault.Never, 400: fault.Never, 401: fault.Never, 404: fault.Never, 408: fault.Later, 409: fault.Never, 425: fault.Later,
		429: fault.Later, 499: fault.Never, 500: fault.Later, 503: fault.Later, 599: fault.Later,
	} {
		if got := fault.AgainAfter(status); got != want {
			t.Errorf("%d says %q, want %q", status, got, want)
		}
	}
}

func TestErrorsHaveAStatus(t *testing.T) {
	for want, err := range map[int]error{
		400: fault.Newf(fault.Invalid, "what?"), 404: fault.Newf(fault.NotFound, "where?"), 403: fault.Newf(fault.Refused, "no"),
		503: fault.Newf(fault.Unavailable, "down"), 500: errors.New("odd"),
	} {
		if got := fault.HTTPStatus(err); got != want {
			t.Errorf("%v has the status %d, want %d", err, got, want)
		}
	}
}
