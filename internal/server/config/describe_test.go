package config_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/phone/sms"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/setting"
)

func TestDescribeTellsEverySetting(t *testing.T) {
	from := fromFile(t, complete, nil)
	from.Environ = []string{"UPDATE_SECRET=x", "SWITCHHOOK_LISTEN=:80", "SWITCHHOOK_CORE_DOMAIN=example.net",
		"SWITCHHOOK_DATABASE=postgres://a:hunter2@b/c", "SWITCHHOOK_ALERTS_WEBHOOK=https://a/hunter2"}
	s := load(t, from)
	var got []string
	for _, one := range s.Describe() {
		if !strings.HasSuffix(one.Meaning, ".") {
			t.Errorf("the meaning of %s is no sentence: %q", one.Path, one.Meaning)
		}
		got = append(got, one.Path+" = "+one.Value+" | "+one.Origin.String()+" | "+strings.Join(one.Variables, " "))
	}
	want := []string{
		"listen = :80 | environment SWITCHHOOK_LISTEN | SWITCHHOOK_LISTEN",
		"metrics_listen =  | not set | SWITCHHOOK_METRICS_LISTEN",
		"trusted_proxies = 127.0.0.0/8, ::1/128 | default | SWITCHHOOK_TRUSTED_PROXIES_0",
		"bodies_in_hand = 512 | default | SWITCHHOOK_BODIES_IN_HAND",
		"public_url = https://hooks.example.net | switchhook.toml:1 | SWITCHHOOK_PUBLIC_URL",
		"data = /var/lib/switchhook | default | SWITCHHOOK_DATA",
		"database = <secret> | environment SWITCHHOOK_DATABASE | SWITCHHOOK_DATABASE",
		"domains_file =  | not set | SWITCHHOOK_DOMAINS_FILE",
		"allow_private_responders = false | default | SWITCHHOOK_ALLOW_PRIVATE_RESPONDERS",
		"netsapiens.url = https://ucportal.example.net | switchhook.toml:4 | SWITCHHOOK_NETSAPIENS_URL",
		"netsapiens.token = <secret> | switchhook.toml:5 | SWITCHHOOK_NETSAPIENS_TOKEN NS_TOKEN",
		"netsapiens.operations_email =  | not set | SWITCHHOOK_NETSAPIENS_OPERATIONS_EMAIL",
		"netsapiens.check_every = 6h | default | SWITCHHOOK_NETSAPIENS_CHECK_EVERY",
		"forms.secret = <secret> | environment UPDATE_SECRET | SWITCHHOOK_FORMS_SECRET UPDATE_SECRET",
		"textback.patience = 4s | default | SWITCHHOOK_TEXTBACK_PATIENCE",
		"textback.queue_on_failure = false | default | SWITCHHOOK_TEXTBACK_QUEUE_ON_FAILURE",
		"textback.when_uncertain = hold | default | SWITCHHOOK_TEXTBACK_WHEN_UNCERTAIN",
		"textback.give_up_after = 1h | default | SWITCHHOOK_TEXTBACK_GIVE_UP_AFTER",
		"textback.max_segments = 6 | default | SWITCHHOOK_TEXTBACK_MAX_SEGMENTS",
		"textback.cooldown_texts = 3 | default | SWITCHHOOK_TEXTBACK_COOLDOWN_TEXTS",
		"textback.cooldown = 1h | default | SWITCHHOOK_TEXTBACK_COOLDOWN",
		"textback.keys = auto | default | SWITCHHOOK_TEXTBACK_KEYS",
		"textback.new_numbers_per_hour = 100 | default | SWITCHHOOK_TEXTBACK_NEW_NUMBERS_PER_HOUR",
		"textback.entry_per_hour = 500 | default | SWITCHHOOK_TEXTBACK_ENTRY_PER_HOUR",
		"textback.entry_per_day = 3000 | default | SWITCHHOOK_TEXTBACK_ENTRY_PER_DAY",
		"textback.tenant_per_hour = 2000 | default | SWITCHHOOK_TEXTBACK_TENANT_PER_HOUR",
		"textback.tenant_per_day = 10000 | default | SWITCHHOOK_TEXTBACK_TENANT_PER_DAY",
		"textback.source_per_hour = 1000 | default | SWITCHHOOK_TEXTBACK_SOURCE_PER_HOUR",
		"textback.source_per_day = 5000 | default | SWITCHHOOK_TEXTBACK_SOURCE_PER_DAY",
		"textback.calls_per_number = 20 | default | SWITCHHOOK_TEXTBACK_CALLS_PER_NUMBER",
		"textback.answers_per_hour = 500 | default | SWITCHHOOK_TEXTBACK_ANSWERS_PER_HOUR",
		"textback.answers_per_day = 3000 | default | SWITCHHOOK_TEXTBACK_ANSWERS_PER_DAY",
		"textback.quiet_hours =  | not set | SWITCHHOOK_TEXTBACK_QUIET_HOURS",
		"textback.landlines =  | not set | SWITCHHOOK_TEXTBACK_LANDLINES_0",
		"textback.replies = true | default | SWITCHHOOK_TEXTBACK_REPLIES",
		"textback.help = You get texts from us when you call. To reach us, call this number. Reply STOP to get no more. | default | SWITCHHOOK_TEXTBACK_HELP",
		"textback.stop_confirmation = You will get no more texts from us. Reply START to get them again. | default | SWITCHHOOK_TEXTBACK_STOP_CONFIRMATION",
		"textback.start_confirmation = You will get texts from us again when you call. Reply STOP to get no more, HELP for help. | default | SWITCHHOOK_TEXTBACK_START_CONFIRMATION",
		"textback.entry_replies_per_hour = 60 | default | SWITCHHOOK_TEXTBACK_ENTRY_REPLIES_PER_HOUR",
		"textback.tenant_replies_per_hour = 300 | default | SWITCHHOOK_TEXTBACK_TENANT_REPLIES_PER_HOUR",
		"textback.retention = 90d | default | SWITCHHOOK_TEXTBACK_RETENTION",
		"textback.texts.sent =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_SENT",
		"textback.texts.queued =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_QUEUED",
		"textback.texts.consent =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_CONSENT",
		"textback.texts.declined =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_DECLINED",
		"textback.texts.cooldown =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_COOLDOWN",
		"textback.texts.suppressed =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_SUPPRESSED",
		"textback.texts.quiet =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_QUIET",
		"textback.texts.anonymous =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_ANONYMOUS",
		"textback.texts.on_net =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_ON_NET",
		"textback.texts.short =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_SHORT",
		"textback.texts.landline =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_LANDLINE",
		"textback.texts.region =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_REGION",
		"textback.texts.own_number =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_OWN_NUMBER",
		"textback.texts.loop =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_LOOP",
		"textback.texts.limited =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_LIMITED",
		"textback.texts.too_long =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_TOO_LONG",
		"textback.texts.unknown_id =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_UNKNOWN_ID",
		"textback.texts.incomplete =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_INCOMPLETE",
		"textback.texts.forbidden =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_FORBIDDEN",
		"textback.texts.refused =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_REFUSED",
		"textback.texts.failed =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_FAILED",
		"textback.texts.overload =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_OVERLOAD",
		"textback.texts.uncertain =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_UNCERTAIN",
		"textback.texts.bad_request =  | not set | SWITCHHOOK_TEXTBACK_TEXTS_BAD_REQUEST",
		"alerts.webhook = <secret> | environment SWITCHHOOK_ALERTS_WEBHOOK | SWITCHHOOK_ALERTS_WEBHOOK",
		"alerts.email_to =  | not set | SWITCHHOOK_ALERTS_EMAIL_TO_0",
		"alerts.email_from =  | not set | SWITCHHOOK_ALERTS_EMAIL_FROM",
		"alerts.smtp =  | not set | SWITCHHOOK_ALERTS_SMTP",
		"alerts.ntfy =  | not set | SWITCHHOOK_ALERTS_NTFY",
		"alerts.ntfy_token =  | not set | SWITCHHOOK_ALERTS_NTFY_TOKEN",
		"alerts.quiet_for = 15m | default | SWITCHHOOK_ALERTS_QUIET_FOR",
		"activity.retention = 90d | default | SWITCHHOOK_ACTIVITY_RETENTION",
		"clicktocall.accept_bare = false | default | SWITCHHOOK_CLICKTOCALL_ACCEPT_BARE",
		"clicktocall.patience = 8s | default | SWITCHHOOK_CLICKTOCALL_PATIENCE",
		"clicktocall.codes_from =  | not set | SWITCHHOOK_CLICKTOCALL_CODES_FROM",
		"clicktocall.number_per_day = 3 | default | SWITCHHOOK_CLICKTOCALL_NUMBER_PER_DAY",
		"clicktocall.network_per_hour = 6 | default | SWITCHHOOK_CLICKTOCALL_NETWORK_PER_HOUR",
		"clicktocall.network_per_day = 15 | default | SWITCHHOOK_CLICKTOCALL_NETWORK_PER_DAY",
		"clicktocall.widget_per_day = 200 | default | SWITCHHOOK_CLICKTOCALL_WIDGET_PER_DAY",
		"clicktocall.tenant_per_day = 500 | default | SWITCHHOOK_CLICKTOCALL_TENANT_PER_DAY",
		"clicktocall.scheduled_per_minute = 5 | default | SWITCHHOOK_CLICKTOCALL_SCHEDULED_PER_MINUTE",
		"core.domain = example.net | environment SWITCHHOOK_CORE_DOMAIN | SWITCHHOOK_CORE_DOMAIN",
		"core.calling_code = 1 | default | SWITCHHOOK_CORE_CALLING_CODE",
		"core.drain = 30s | default | SWITCHHOOK_CORE_DRAIN",
		"core.allowed_countries =  | not set | SWITCHHOOK_CORE_ALLOWED_COUNTRIES_0",
		"core.premium = false | default | SWITCHHOOK_CORE_PREMIUM",
		"core.foreign_calls_per_hour = 10 | default | SWITCHHOOK_CORE_FOREIGN_CALLS_PER_HOUR",
		"core.trunk_calls = 100 | default | SWITCHHOOK_CORE_TRUNK_CALLS",
		"core.trunk_calls_per_owner = 10 | default | SWITCHHOOK_CORE_TRUNK_CALLS_PER_OWNER",
		"core.trunk_minutes = 6000 | default | SWITCHHOOK_CORE_TRUNK_MINUTES",
		"core.trunk_minutes_per_owner = 600 | default | SWITCHHOOK_CORE_TRUNK_MINUTES_PER_OWNER",
		"core.sip =  | not set | SWITCHHOOK_CORE_SIP_0",
		"core.sip_allow =  | not set | SWITCHHOOK_CORE_SIP_ALLOW_0",
		"core.media_ports = 20000-29999 | default | SWITCHHOOK_CORE_MEDIA_PORTS",
		"core.external_address =  | not set | SWITCHHOOK_CORE_EXTERNAL_ADDRESS",
		"core.local_networks = 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 127.0.0.0/8, 169.254.0.0/16, ::1/128, fc00::/7, fe80::/10 | default | SWITCHHOOK_CORE_LOCAL_NETWORKS_0",
		"core.answer = first_sound | default | SWITCHHOOK_CORE_ANSWER",
		"core.forward = bridge | default | SWITCHHOOK_CORE_FORWARD",
		"core.rtp_source = learn | default | SWITCHHOOK_CORE_RTP_SOURCE",
		"core.rtp_timeout = 1m | default | SWITCHHOOK_CORE_RTP_TIMEOUT",
		"core.called_by = request | default | SWITCHHOOK_CORE_CALLED_BY",
		"core.max_calls = 2000 | default | SWITCHHOOK_CORE_MAX_CALLS",
		"core.max_calls_per_second = 100 | default | SWITCHHOOK_CORE_MAX_CALLS_PER_SECOND",
		"core.max_source_calls = 64 | default | SWITCHHOOK_CORE_MAX_SOURCE_CALLS",
		"core.max_source_calls_per_second = 8 | default | SWITCHHOOK_CORE_MAX_SOURCE_CALLS_PER_SECOND",
		"core.max_call_length = 4h | default | SWITCHHOOK_CORE_MAX_CALL_LENGTH",
		"core.tls.certificate_file =  | not set | SWITCHHOOK_CORE_TLS_CERTIFICATE_FILE",
		"core.tls.key_file =  | not set | SWITCHHOOK_CORE_TLS_KEY_FILE",
		"speech.engine = espeak-ng | default | SWITCHHOOK_SPEECH_ENGINE",
		"speech.voice =  | not set | SWITCHHOOK_SPEECH_VOICE",
		"speech.language = en-US | default | SWITCHHOOK_SPEECH_LANGUAGE",
		"speech.first_sound = 5s | default | SWITCHHOOK_SPEECH_FIRST_SOUND",
		"speech.timeout = 30s | default | SWITCHHOOK_SPEECH_TIMEOUT",
		"speech.fallback =  | not set | SWITCHHOOK_SPEECH_FALLBACK",
		"prompts.disk_mib = 256 | default | SWITCHHOOK_PROMPTS_DISK_MIB",
		"prompts.age = 7d | default | SWITCHHOOK_PROMPTS_AGE",
		"recordings.keep = 30d | default | SWITCHHOOK_RECORDINGS_KEEP",
		"recordings.disk_mib = 10240 | default | SWITCHHOOK_RECORDINGS_DISK_MIB",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestDescribeTellsItems(t *testing.T) {
	from := fromFile(t, onCall+"hours = { tue = '09:00-17:00', mon = ['09:00-12:00', '13:00-17:00'] }\nblock = ['anonymous', '+31900*']\n", nil)
	from.Environ = []string{"SWITCHHOOK_ONCALL_SOURCE_1_KIND=file", "SWITCHHOOK_ONCALL_SOURCE_1_PATH=/etc/rota.toml", "SWITCHHOOK_ONCALL_SOURCE_1_TIME_ZONE=Europe/Amsterdam"}
	got := map[string]string{}
	for _, one := range load(t, from).Describe() {
		if !strings.HasSuffix(one.Meaning, ".") {
			t.Errorf("the meaning of %s is no sentence: %q", one.Path, one.Meaning)
		}
		if strings.HasPrefix(one.Path, "oncall.") && one.Origin.Kind != config.NotSet {
			got[one.Path] = one.Value + " | " + one.Origin.String() + " | " + strings.Join(one.Variables, " ")
		}
	}
	const source, route = "SWITCHHOOK_ONCALL_SOURCE_", "SWITCHHOOK_ONCALL_ROUTE_0_"
	want := map[string]string{
		"oncall.secret":                     "<secret> | switchhook.toml:2 | SWITCHHOOK_ONCALL_SECRET SECRET_KEY",
		"oncall.legacy_folder":              "/etc/pagerduty-voys-webhook | default | SWITCHHOOK_ONCALL_LEGACY_FOLDER",
		"oncall.source.0.kind":              "pagerduty | switchhook.toml:5 | " + source + "0_KIND",
		"oncall.source.0.name":              "pagerduty | default | " + source + "0_NAME",
		"oncall.source.0.api_key":           "<secret> | switchhook.toml:6 | " + source + "0_API_KEY API_KEY",
		"oncall.source.0.escalation_policy": "PT54U20 | switchhook.toml:7 | " + source + "0_ESCALATION_POLICY ESCALATION_POLICY_ID",
		"oncall.source.0.refresh":           "1m | default | " + source + "0_REFRESH",
		"oncall.source.0.max_age":           "1d | default | " + source + "0_MAX_AGE",
		"oncall.source.0.allow_private":     "false | default | " + source + "0_ALLOW_PRIVATE",
		"oncall.source.1.kind":              "file | environment " + source + "1_KIND | " + source + "1_KIND",
		"oncall.source.1.name":              "file | default | " + source + "1_NAME",
		"oncall.source.1.path":              "/etc/rota.toml | environment " + source + "1_PATH | " + source + "1_PATH",
		"oncall.source.1.time_zone":         "Europe/Amsterdam | environment " + source + "1_TIME_ZONE | " + source + "1_TIME_ZONE",
		"oncall.source.1.refresh":           "1m | default | " + source + "1_REFRESH",
		"oncall.source.1.max_age":           "1d | default | " + source + "1_MAX_AGE",
		"oncall.source.1.allow_private":     "false | default | " + source + "1_ALLOW_PRIVATE",
		"oncall.route.0.name":               "support | switchhook.toml:10 | " + route + "NAME",
		"oncall.route.0.policy":             "random | default | " + route + "POLICY",
		"oncall.route.0.preferred":          "false | default | " + route + "PREFERRED",
		"oncall.route.0.beyond":             "last | default | " + route + "BEYOND",
		"oncall.route.0.next_level":         "false | default | " + route + "NEXT_LEVEL",
		"oncall.route.0.repeat_within":      "0s | default | " + route + "REPEAT_WITHIN",
		"oncall.route.0.block":              "anonymous, +31900* | switchhook.toml:12 | " + route + "BLOCK_0",
		"oncall.route.0.hours":              "mon = 09:00-12:00, 13:00-17:00; tue = 09:00-17:00 | switchhook.toml:11 | " + route + "HOURS_0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestDescribeLeavesOutWhatIsOff(t *testing.T) {
	for _, one := range new(config.Settings).Describe() {
		if strings.HasPrefix(one.Path, "netsapiens.") || strings.HasPrefix(one.Path, "core.") || strings.HasPrefix(one.Path, "oncall.") || one.Origin.Kind != config.NotSet {
			t.Errorf("settings of nobody have %+v", one)
		}
	}
}

func TestNamesInTheEnvironmentAreUnambiguous(t *testing.T) {
	s := load(t, config.Sources{Dir: t.TempDir(), Flags: map[string]string{"core.domain": "a", "public_url": "http://a", "netsapiens.url": "http://a", "netsapiens.token": "a", "forms.secret": "a",
		"oncall.secret": "a", "oncall.source.0.kind": "pagerduty", "oncall.source.0.api_key": "a", "oncall.source.0.escalation_policy": "a",
		"oncall.source.1.kind": "pagerduty", "oncall.source.1.name": "b", "oncall.source.1.api_key": "a", "oncall.source.1.escalation_policy": "a"}})
	owner := map[string]string{}
	for _, one := range s.Describe() {
		names := one.Variables
		if one.Value == "<secret>" {
			names = append(names, names[0]+"_FILE")
		}
		for _, name := range names {
			if owner[name] != "" {
				t.Errorf("%s sets both %s and %s", name, owner[name], one.Path)
			}
			owner[name] = one.Path
		}
	}
}

// secrets make the example complete.
var secrets = map[string]string{".env": "NS_TOKEN=x\nUPDATE_SECRET=y\nSECRET_KEY=z\nAPI_KEY=z\n"}

// leftOut matches what the example comments out.
var leftOut = regexp.MustCompile(`(?m)^#([a-z_\[])`)

// notPagerDuty matches keys of the example that a PagerDuty source refuses.
var notPagerDuty = regexp.MustCompile(`(?m)^(calendars|service|schedules|path|time_zone|level|categories) =.*\n`)

// whole returns the example with everything uncommented.
func whole() string {
	source, rest, _ := strings.Cut(leftOut.ReplaceAllString(config.Example(), "$1"), "[[oncall.route]]")
	before, source, _ := strings.Cut(source, "[[oncall.source]]")
	return before + "[[oncall.source]]" + notPagerDuty.ReplaceAllString(source, "") + "[[oncall.route]]" + rest
}

func TestExampleLoads(t *testing.T) {
	load(t, fromFile(t, config.Example(), secrets))
	whole := whole()
	if strings.Count(whole, "\n#") == strings.Count(config.Example(), "\n#") {
		t.Fatal("the example leaves nothing out")
	}
	s := load(t, fromFile(t, whole, map[string]string{".env": secrets[".env"] + "SWITCHHOOK_ONCALL_PREVIOUS_SECRET=z\n" +
		"SWITCHHOOK_ONCALL_ROUTE_0_SECRET=z\nSWITCHHOOK_ONCALL_ROUTE_0_PREVIOUS_SECRET=z\nSWITCHHOOK_CORE_TRUNK_0_PASSWORD=z\n" +
		"SWITCHHOOK_ALERTS_NTFY_TOKEN=z\nSWITCHHOOK_CORE_NUMBER_0_SECRET=z\n"}))
	for _, one := range s.Describe() {
		_, key, _ := strings.Cut(one.Path, "oncall.source.0.")
		if one.Value == "" && notPagerDuty.MatchString(key+" = \n") {
			continue
		}
		if one.Origin.Kind == config.Default || one.Origin.Kind == config.NotSet {
			t.Errorf("%s is not in the example", one.Path)
		}
	}
}

func TestExampleShowsTheDefaults(t *testing.T) {
	inForce := load(t, fromFile(t, config.Example(), secrets))
	for _, one := range inForce.Describe() {
		if one.Origin.Kind != config.Default || one.Path == "trusted_proxies" {
			continue
		}
		name := one.Path[strings.LastIndexByte(one.Path, '.')+1:]
		line := regexp.MustCompile(`(?m)^#` + name + ` = "?` + regexp.QuoteMeta(one.Value) + `"?$`)
		if !line.MatchString(config.Example()) {
			t.Errorf("the default of %s is %s, and the example shows something else", one.Path, one.Value)
		}
	}
}

// TestPageShowsTheExample writes the example into the documentation's page with
// -update.
func TestPageShowsTheExample(t *testing.T) {
	const page, start, end = "../../../docs/settings.md", "```toml\n", "```\n<!-- End of what is written. -->"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, okStart := strings.Cut(string(text), start)
	shown, after, okEnd := strings.Cut(rest, end)
	if !okStart || !okEnd {
		t.Fatalf("%s has no place for the example", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+start+config.Example()+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(config.Example(), shown); diff != "" {
		t.Errorf("%s shows another example; run this test with -update (-want +got):\n%s", page, diff)
	}
}

func TestPageShowsProblemsAsTheyAreTold(t *testing.T) {
	const page = "../../../docs/settings.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```text\nswitchhook: error: ")
	shown, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatalf("%s shows no problems", page)
	}
	_, err = config.Load(fromFile(t, "# Settings\n\nlisen = ':80'\npublic_url = 'https://hooks.example.net'\n\n\n[netsapiens]\n"+
		"token = 'x'\n[forms]\nsecret = 'x'\n[textback]\npatience = '40s'\n", nil))
	if err == nil {
		t.Fatal("it loads")
	}
	if diff := cmp.Diff(shown, err.Error()+"\n"); diff != "" {
		t.Errorf("%s shows other problems (-page +now):\n%s", page, diff)
	}
}

// TestDefaultMessagesAreOneSegment: carriers want confirmations to be that
// short, and each segment costs.
func TestDefaultMessagesAreOneSegment(t *testing.T) {
	s := load(t, fromFile(t, complete, nil))
	for _, message := range []setting.Message{s.TextBack.Help, s.TextBack.StopConfirmation, s.TextBack.StartConfirmation} {
		if n := sms.Count(string(message)).Segments; n != 1 {
			t.Errorf("%q comes to %d segments", message, n)
		}
	}
}

// TestPageShowsSettingsThatLoad loads the page's on-call settings.
func TestPageShowsSettingsThatLoad(t *testing.T) {
	const page = "../../../docs/settings.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```toml\n[oncall]\n")
	shown, table, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatalf("%s shows no on-call routing", page)
	}
	shown = strings.ReplaceAll("[oncall]\n"+shown, "/etc/switchhook/", "")
	s := load(t, fromFile(t, shown, map[string]string{"oncall-secret": "x", "pagerduty-key": "x"}))
	if len(s.OnCall.Sources) != 2 || len(s.OnCall.Routes) != 2 || len(s.OnCall.Numbers) != 3 || s.OnCall.Routes[1].Texts.Nobody == "" {
		t.Errorf("the page shows %+v", s.OnCall)
	}
	for _, kind := range []source.Kind{source.KindPagerDuty, source.KindBetterStack, source.KindIlert, source.KindGoAlert, source.KindGrafana, source.KindICal, source.KindFile} {
		if !strings.Contains(table, "| `"+string(kind)+"` |") {
			t.Errorf("%s does not tell what %s needs", page, kind)
		}
	}
}
