package config_test

import (
	"fmt"
	"strings"

	"github.com/switchhook/switchhook/internal/server/config"
)

// onCall is a valid settings file for on-call routing.
const onCall = `[oncall]
secret = "secret-of-the-file"

[[oncall.source]]
kind = "pagerduty"
api_key = "key-of-the-file"
escalation_policy = "PT54U20"

[[oncall.route]]
name = "support"
`

// inOnCall returns the on-call settings that were given, a line each.
func inOnCall(s *config.Settings) []string {
	var lines []string
	for _, one := range s.Describe() {
		if strings.HasPrefix(one.Path, "oncall.") && one.Origin.Kind > config.Default {
			lines = append(lines, fmt.Sprintf("%s = %s | %s", one.Path, one.Value, one.Origin))
		}
	}
	return lines
}
