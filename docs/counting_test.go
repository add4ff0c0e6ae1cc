package docs_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
)

// countedHere are series that TestEachMetricCounts has a server count.
var countedHere = []string{
	`switchhook_textback_total{outcome="sent"}`, `switchhook_textback_total{outcome="failed"}`, `switchhook_textback_total{outcome="refused"}`, `switchhook_textback_total{outcome="forbidden"}`,
	`switchhook_text_attempts_total{result="sent"}`, `switchhook_text_attempts_total{result="failed"}`, `switchhook_text_attempts_total{result="refused"}`,
	`switchhook_texts{state="sent"}`, `switchhook_texts{state="dead"}`, `switchhook_texts_dead{why="failed"}`, `switchhook_texts_dead{why="refused"}`,
	`switchhook_suppressions{channel="text"}`,
	`switchhook_inbound_texts_total{word="stop"}`, `switchhook_inbound_texts_total{word="start"}`, `switchhook_inbound_texts_total{word="help"}`, `switchhook_inbound_texts_total{word="other"}`,
	`switchhook_subscription_checks_total{result="ok"}`,
	`switchhook_provision_steps_total{result="created",step="user"}`, `switchhook_provision_steps_total{result="created",step="dial_rule"}`, `switchhook_provision_steps_total{result="updated",step="answer_rule"}`,
	`switchhook_provisioned_entries{state="in_order"}`,
	`switchhook_disk_free_bytes`,
	`switchhook_clicktocall_total{code="bad_request"}`,
	`switchhook_oncall_decisions_total{fallback="no",reason="on_call"}`, `switchhook_oncall_fetches_total{result="ok",source="file"}`, `switchhook_oncall_answer_age_seconds{source="file"}`,
	`switchhook_wrong_secrets_total{place="forms"}`, `switchhook_wrong_secrets_total{place="oncall"}`, `switchhook_wrong_secrets_total{place="operator"}`,
	`switchhook_wrong_secrets_total{place="api"}`, `switchhook_wrong_secrets_total{place="webhooks"}`, `switchhook_wrong_secrets_total{place="events"}`,
	`switchhook_request_seconds_count{route="webresponder",status="2xx"}`,
}

// countedElsewhere names the test that has each other metric, or each of its labels,
// count.
var countedElsewhere = map[string]string{
	"switchhook_text_attempts_total":         "internal/answer/textback/counting_texts_test.go TestWhatBecomesOfTextsIsCounted",
	"switchhook_activity_dropped_total":      "internal/activity/behind_test.go TestADatabaseThatIsDownForLongLosesTheOldestWhichAreCounted",
	"switchhook_overload_refused_total":      "internal/server/turning_away_test.go TestCallersAreTurnedAwayWhileTheDatabaseIsFull",
	"switchhook_overload_in_hand":            "internal/server/turning_away_test.go TestCallersAreTurnedAwayWhileTheDatabaseIsFull",
	"switchhook_overload_bound":              "internal/server/turning_away_test.go TestCallersAreTurnedAwayWhileTheDatabaseIsFull",
	"switchhook_jobs":                        "internal/server/showing_levels_test.go TestLevelsAreReadWhenTheyAreAskedFor",
	"switchhook_oldest_due_text_seconds":     "internal/server/showing_levels_test.go TestTheOldestDueTextHasAnAge",
	"switchhook_entries_problems_total":      "internal/tool/cli/serve_test.go TestABrokenFileIsTold",
	"switchhook_database_errors_total":       "internal/server/showing_levels_test.go TestLevelsThatCannotBeReadAreNotShown",
	"switchhook_alerts_total":                "internal/server/alert/counting_alerts_test.go TestAlertsAreCounted",
	"switchhook_scheduled_calls_total":       "internal/answer/clicktocall/counting_calls_test.go TestWhatBecomesOfCallsIsCounted",
	"switchhook_wrong_secrets_waiting":       "internal/server/guessing_secrets_test.go TestGuessesAreCountedAndLogged",
	"switchhook_speech_total":                "internal/server/speaking_test.go TestAReloadChangesHowTextsAreSpoken",
	"switchhook_speech_failures_total":       "internal/server/speaking_test.go TestAReloadChangesHowTextsAreSpoken",
	"switchhook_prompts_total":               "internal/server/speaking_test.go TestPromptsOutliveTheServer",
	"switchhook_prompts_disk_bytes":          "internal/server/speaking_test.go TestPromptsOutliveTheServer",
	"switchhook_prompts_disk_failures_total": "internal/server/speaking_test.go TestWithoutADiskForPromptsTheServerGoesOn",
	"switchhook_recordings_total":            "internal/server/keeping_recordings_test.go TestLostRecordingsAreTold",
	"switchhook_recordings_bytes":            "internal/server/keeping_recordings_test.go TestAResponderGetsARecording",
	"switchhook_calls_out_total":             "internal/server/barring_calls_test.go TestCallsOutAreBarredByTheSettings",
	"switchhook_calls_out":                   "internal/server/barring_calls_test.go TestCallsOutAreBarredByTheSettings",
	"switchhook_calls_out_day_seconds":       "internal/server/barring_calls_test.go TestMinutesOfCallsOutOutliveTheServer",
	"switchhook_trunk_up":                    "internal/server/registering_trunk_linux_test.go TestATrunkThatIsDownIsAnAlert",
	"switchhook_trunk_registered":            "internal/server/registering_trunk_linux_test.go TestACarrierIsRegisteredWithUntilTheStop",
	"switchhook_sip_calls":                   "internal/server/calling_over_sip_linux_test.go TestANumberIsCalledOverSIP",
	"switchhook_sip_calls_total":             "internal/server/calling_over_sip_linux_test.go TestANumberIsCalledOverSIP",
	"switchhook_sip_calls_refused_total":     "internal/call/voice/admitting_calls_internal_test.go TestCallsAreAdmittedWithinLimits",
	"switchhook_sip_calls_too_long_total":    "internal/call/voice/taking_calls_linux_test.go TestACallThatLastsTooLongIsEnded",
	"switchhook_sip_messages_total":          "internal/server/calling_over_sip_linux_test.go TestANumberIsCalledOverSIP",
	"switchhook_sip_dropped_total":           "internal/call/dialog/near_and_far_test.go TestWhatIsNotReadIsCounted",
	"switchhook_media_packets_total":         "internal/call/media/opening_and_closing_test.go TestPacketsAreCounted",
	"switchhook_media_ports_in_use":          "internal/call/media/handing_out_ports_test.go TestPortsAreTakenByManyAtOnce",
	"switchhook_media_ticks_total":           "internal/call/media/opening_and_closing_test.go TestPacketsAreCounted",
	"switchhook_media_late_ticks_total":      "internal/call/media/sending_always_test.go TestThreadThatWasLateMakesUpForIt",
	"switchhook_media_skipped_ticks_total":   "internal/call/media/sending_always_test.go TestThreadThatWasLateMakesUpForIt",
	"switchhook_media_latest_seconds":        "internal/call/media/sending_always_test.go TestThreadThatWasLateMakesUpForIt",
}

// TestEachMetricCounts has customers, vendors and strangers do what the page's metrics
// count, as far as HTTP goes, and names the test for the rest.
func TestEachMetricCounts(t *testing.T) {
	const page = "alerts-and-metrics.md"
	o := newOperating(t)
	listen := freeAddress(t)
	o.rewrite("127.0.0.1:0", listen, "https://hooks.example.net", "http://"+listen) // the phone system posts texts there
	o.onCall()
	o.carrier()
	o.serve()
	form := url.Values{"id": {"example.net-sms"}, "secret": {"your-form-secret"}, "api_domain": {"example.net"}, "ns_system_user": {"8001"}, "from_number": {"12125550100"}, "message": {"We are open."}}
	o.ask(http.MethodPost, "/update-sms", form)
	await.That(t, "a subscription to people's texts", func() bool {
		return strings.Contains(o.ask(http.MethodGet, "/metrics", nil), `switchhook_subscription_checks_total{result="ok"} 1`)
	})
	call := func(caller, key string) {
		o.ask(http.MethodGet, "/webresponder?"+url.Values{"id": {"example.net-sms"}, "key": {key}, "NmsAni": {caller}, "OrigCallID": {caller}}.Encode(), nil)
	}
	key := keyInRule(o.system)
	call("+19175550121", key)
	o.system.Break(nstest.SendMessage, 1, nstest.Refuses(http.StatusServiceUnavailable, "Service Unavailable"))
	call("+19175550122", key)
	o.system.Break(nstest.SendMessage, 1, nstest.Refuses(http.StatusForbidden, "Forbidden"))
	call("+19175550123", key)
	for _, text := range []string{"HELP", "STOP", "START", "Thank you.", "STOP"} {
		if _, failed := o.system.Receive("19175550121", "12125550100", text); len(failed) > 0 {
			t.Errorf("%s: %v", text, failed)
		}
	}
	o.send(http.MethodPost, "/click-to-call", url.Values{"id": {"example.net-sms"}})
	o.ask(http.MethodGet, "/voys-webhook?secret_key=your-oncall-secret", nil)
	// Wrong secrets, one at each place.
	call("+19175550124", "wrong")
	o.send(http.MethodPost, "/update-sms", url.Values{"id": {"example.net-sms"}, "secret": {"wrong"}})
	o.send(http.MethodGet, "/voys-webhook?secret_key=wrong", nil)
	o.send(http.MethodPost, "/webresponder/events?key=wrong", nil)
	for _, path := range []string{"/metrics", "/ns-api/v2/version"} {
		o.sendAs("wrong", http.MethodGet, path, nil)
	}
	var metrics string
	await.That(t, "an answer of the source", func() bool {
		metrics = o.ask(http.MethodGet, "/metrics", nil)
		return strings.Contains(metrics, "\nswitchhook_oncall_answer_age_seconds{")
	})
	covered := map[string]bool{}
	for _, series := range countedHere {
		name, _, _ := strings.Cut(series, "{")
		covered[strings.TrimSuffix(name, "_count")] = true
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` \S*[1-9]`).MatchString(metrics) {
			t.Errorf("%s does not count:\n%s", series, strings.Join(regexp.MustCompile(`(?m)^`+name+`\b.*`).FindAllString(metrics, -1), "\n"))
		}
	}
	for name, test := range countedElsewhere {
		file, function, _ := strings.Cut(test, " ")
		text, err := os.ReadFile(filepath.Join("..", file))
		if covered[name] = true; err != nil || !strings.Contains(string(text), "func "+function+"(t *testing.T)") {
			t.Errorf("%s is counted by %s, which is not there: %v", name, test, err)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `(switchhook_\\w+)` \\|").FindAllStringSubmatch(string(text), -1) {
		if !covered[row[1]] {
			t.Errorf("nothing shows that %s counts: have a server count it here, or name the test in countedElsewhere", row[1])
		}
	}
}
