package source_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/answer/sourcetest"
)

func TestNothingPrintsASecret(t *testing.T) {
	const feed = "https://user:pass-9c1d@calendar.test/private-5f1b2c3d4e/basic.ics"
	feedConfig := source.ICalConfig{URL: hide(feed)}
	calendar, err := source.NewICal(feedConfig)
	if err != nil {
		t.Fatal(err)
	}
	config := source.PagerDutyConfig{Key: hide(sourcetest.PagerDutyKey), Policy: "PT54U20"}
	things := []any{calendar, feedConfig, config, struct{ inner any }{config}}
	secrets := []string{"9c1d", "5f1b2c3d4e", "dXNlcjpwYXNz"}
	for _, v := range vendors() {
		s, err := v.make(nil)
		if err != nil {
			t.Fatal(err)
		}
		things, secrets = append(things, s), append(secrets, v.key)
	}
	for _, thing := range things {
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("source", "source", thing)
		printed := fmt.Sprintf("%v %+v %#v %s %q %x", thing, thing, thing, thing, thing, thing) + log.String()
		for _, secret := range secrets {
			if strings.Contains(printed, secret) || strings.Contains(printed, fmt.Sprintf("%x", secret)) {
				t.Errorf("%T prints %q", thing, secret)
			}
		}
	}
}
