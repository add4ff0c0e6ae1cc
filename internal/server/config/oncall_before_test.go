package config_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/server/config"
)

// before are the files of pagerduty-voys-webhook, in the folder etc.
func before() map[string]string {
	return map[string]string{
		"etc/api_key": "key-before\n", "etc/secret_key": "secret-before\n", "etc/escalation_policy_id": "PBEFORE\n",
	}
}

// asBefore checks for the settings of pagerduty-voys-webhook.
func asBefore(t *testing.T, s *config.Settings) {
	t.Helper()
	o := s.OnCall
	if o == nil || len(o.Sources) != 1 || len(o.Routes) != 1 {
		t.Fatalf("on-call routing is %+v", o)
	}
	from, route := o.Sources[0], o.Routes[0]
	if from.Kind != source.KindPagerDuty || from.Name != "pagerduty" || from.APIKey.Reveal() != "key-before" || from.EscalationPolicy != "PBEFORE" || from.URL.IsSet() {
		t.Errorf("the source is %+v", from)
	}
	if route.Name != "default" || len(route.DIDs)+len(route.Codes)+len(route.Sources) > 0 || route.Policy != oncall.Random || route.Preferred {
		t.Errorf("the route is %+v", route)
	}
	if secrets := o.Secrets(&route); len(secrets) != 1 || !secrets[0].Matches("secret-before") {
		t.Errorf("%d secrets open the route", len(secrets))
	}
}

func TestServiceBeforeRunsAsItIs(t *testing.T) {
	names := []string{"API_KEY=key-before", "SECRET_KEY=secret-before", "ESCALATION_POLICY_ID=PBEFORE"}
	for name, from := range map[string]config.Sources{
		"its variables":   {Dir: t.TempDir(), Environ: names},
		"its .env":        {Dir: folder(t, map[string]string{".env": strings.Join(names, "\n")})},
		"its folder":      {Dir: folder(t, before()), Flags: map[string]string{"oncall.legacy_folder": "etc"}},
		"a section":       fromFile(t, "[oncall]\nlegacy_folder = 'etc'\n", before()),
		"an empty file":   func() config.Sources { f := fromFile(t, "", nil); f.Environ = names; return f }(),
		"some of each":    {Dir: folder(t, map[string]string{"etc/api_key": "key-before", ".env": names[2]}), Environ: []string{names[1], "SWITCHHOOK_ONCALL_LEGACY_FOLDER=etc"}},
		"its own port":    {Dir: t.TempDir(), Environ: append([]string{"SWITCHHOOK_ONCALL_LISTEN=[::]:5839"}, names...)},
		"beside the Core": func() config.Sources { f := fromFile(t, "[core]\ndomain = 'a'\n", nil); f.Environ = names; return f }(),
	} {
		t.Run(name, func(t *testing.T) {
			s := load(t, from)
			asBefore(t, s)
			if s.NetSapiens != nil {
				t.Error("text-back is on")
			}
		})
	}
}

// TestFolderOfTheServiceBeforeIsFoundByItself: without naming it, if nothing
// else is on and there is no settings file.
func TestFolderOfTheServiceBeforeIsFoundByItself(t *testing.T) {
	files := before()
	files[settingsFile] = ""
	files["core.toml"] = "[core]\ndomain = 'a'\n"
	files["on.toml"] = "[core]\ndomain = 'a'\n[oncall]\n"
	dir := folder(t, files)
	legacy := filepath.Join(dir, "etc")

	s := load(t, config.Sources{Dir: dir, LegacyDir: legacy})
	asBefore(t, s)
	if got, want := s.Origin("oncall.secret").String(), "file "+filepath.Join(dir, "etc", "secret_key"); got != want {
		t.Errorf("the secret is from %s, want %s", got, want)
	}
	asBefore(t, load(t, config.Sources{Dir: dir, Path: "on.toml", LegacyDir: legacy}))
	if s := load(t, config.Sources{Dir: dir, Path: "core.toml", LegacyDir: legacy}); s.OnCall != nil {
		t.Error("it is on beside another section of a settings file")
	}
	if s := load(t, config.Sources{Dir: dir, Flags: map[string]string{"core.domain": "a"}, LegacyDir: legacy}); s.OnCall != nil {
		t.Error("it is on beside what else is on")
	}
	refusal(t, config.Sources{Dir: dir, Path: settingsFile, LegacyDir: legacy})
}

func TestNamesThatManyProgramsUseSwitchNothingOnBesideOthers(t *testing.T) {
	from := fromFile(t, complete, map[string]string{".env": "SECRET_KEY=of Flask\nAPI_KEY='\n"})
	from.Environ = []string{"API_KEY=of something", "SECRET_KEY=of something"}
	problems := refusal(t, from)
	want := []string{".env:2: the quotation that begins here does not end; put a quotation mark behind the value of API_KEY"}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	from = fromFile(t, complete, map[string]string{".env": "SECRET_KEY=of Flask\n"})
	from.Environ = []string{"API_KEY=of something"}
	if s := load(t, from); s.OnCall != nil {
		t.Error("on-call routing is on")
	}
	dir := folder(t, map[string]string{"domains.json": "{}", ".env": "SECRET_KEY=of Flask\nNS_TOKEN=x\nUPDATE_SECRET=x\nSWITCHHOOK_NETSAPIENS_URL=https://a\nSWITCHHOOK_PUBLIC_URL=https://b\n"})
	if s := load(t, config.Sources{Dir: dir}); s.OnCall != nil {
		t.Error("on-call routing is on in a folder of domains.json")
	}
}

func TestServiceBeforeNamesWhatIsMissing(t *testing.T) {
	const (
		secret = "oncall.secret is missing: set SWITCHHOOK_ONCALL_SECRET or SECRET_KEY, in the environment or in .env, hand over the systemd credential oncall.secret, or put it into the file "
		key    = "oncall.source.0.api_key is missing: set SWITCHHOOK_ONCALL_SOURCE_0_API_KEY or API_KEY, in the environment or in .env, hand over the systemd credential oncall.source.0.api_key, or put it into the file "
		policy = "oncall.source.0.escalation_policy is missing: set SWITCHHOOK_ONCALL_SOURCE_0_ESCALATION_POLICY or ESCALATION_POLICY_ID, in the environment or in .env, or put it into the file "
		etc    = "/etc/pagerduty-voys-webhook/"
	)
	for _, c := range []struct {
		name    string
		environ []string
		want    []string
	}{
		{"two", []string{"ESCALATION_POLICY_ID=x"}, []string{key + etc + "api_key", secret + etc + "secret_key"}},
		{"the policy", []string{"API_KEY=x", "SECRET_KEY=x"}, []string{policy + etc + "escalation_policy_id"}},
		{"the secret", []string{"API_KEY=x", "ESCALATION_POLICY_ID=x", "SECRET_KEY="}, []string{secret + etc + "secret_key"}},
		{"all", []string{"SWITCHHOOK_ONCALL_LISTEN=[::]:5839"}, []string{key + etc + "api_key", policy + etc + "escalation_policy_id", secret + etc + "secret_key"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, refusal(t, config.Sources{Dir: t.TempDir(), Environ: c.environ})); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
	want := []string{
		`switchhook.toml:1: oncall.source.0.api_key is missing: write api_key = "…" or api_key_file = "…" below [[oncall.source]], set SWITCHHOOK_ONCALL_SOURCE_0_API_KEY or API_KEY, in the environment or in .env, hand over the systemd credential oncall.source.0.api_key, or put it into the file ` + etc + `api_key`,
		`switchhook.toml:1: oncall.source.0.escalation_policy is missing: write escalation_policy = "PT54U20" below [[oncall.source]], set SWITCHHOOK_ONCALL_SOURCE_0_ESCALATION_POLICY or ESCALATION_POLICY_ID, in the environment or in .env, or put it into the file ` + etc + `escalation_policy_id`,
		`switchhook.toml:1: oncall.secret is missing: write secret = "…" or secret_file = "…" below [oncall], set SWITCHHOOK_ONCALL_SECRET or SECRET_KEY, in the environment or in .env, hand over the systemd credential oncall.secret, or put it into the file ` + etc + `secret_key`,
	}
	if diff := cmp.Diff(want, refusal(t, fromFile(t, "[oncall]\n", nil))); diff != "" {
		t.Errorf("problems of an empty section (-want +got):\n%s", diff)
	}
}

func TestFilesOfTheServiceBeforeThatCannotBeReadAreTold(t *testing.T) {
	files := before()
	delete(files, "etc/secret_key")
	files["etc/secret_key/x"] = "a folder"
	files["etc/api_key"] = "\n"
	got := refusal(t, fromFile(t, "[oncall]\nlegacy_folder = 'etc'\n", files))
	dir := strings.TrimSuffix(strings.TrimPrefix(strings.SplitN(got[len(got)-1], ": ", 2)[0], "file "), "secret_key")
	if len(got) != 2 || !strings.Contains(got[0], "oncall.source.0.api_key is missing") || !strings.HasSuffix(got[1], "secret_key: oncall.secret is to be in this file, which cannot be read: it is not a file") {
		t.Errorf("in %s: %s", dir, join(got))
	}
	want := []string{"file " + filepath.Join(dir, "secret_key") + ": oncall.secret is to be in this file, which cannot be read: it is not a file"}
	files["etc/api_key"] = "x"
	from := fromFile(t, "[oncall]\nlegacy_folder = 'etc'\n", files)
	want[0] = strings.Replace(want[0], filepath.Dir(filepath.Clean(dir)), from.Dir, 1)
	if diff := cmp.Diff(want, refusal(t, from)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	from.Environ = []string{"SECRET_KEY=x"} // and then nothing opens it
	load(t, from)
}

func TestNamesOfTheServiceBeforeAreThoseOfTheFirstPagerDuty(t *testing.T) {
	const other = "[[oncall.source]]\nkind = 'ilert'\napi_key = 'ilert'\nescalation_policy = '7'\n"
	from := fromFile(t, "[oncall]\n"+other+"[[oncall.source]]\nkind = 'pagerduty'\nname = 'first'\n[[oncall.source]]\nkind = 'pagerduty'\napi_key = 'second'\nescalation_policy = 'PSECOND'\n", nil)
	from.Environ = []string{"API_KEY=key-before", "ESCALATION_POLICY_ID=PBEFORE", "SECRET_KEY=x"}
	s := load(t, from)
	var got []string
	for _, source := range s.OnCall.Sources {
		got = append(got, source.APIKey.Reveal()+" "+source.EscalationPolicy)
	}
	if diff := cmp.Diff([]string{"ilert 7", "key-before PBEFORE", "second PSECOND"}, got); diff != "" {
		t.Errorf("keys and policies (-want +got):\n%s", diff)
	}
	var named []string
	for _, one := range s.Describe() {
		for _, name := range one.Variables {
			if name == "API_KEY" || name == "ESCALATION_POLICY_ID" {
				named = append(named, one.Path)
			}
		}
	}
	if diff := cmp.Diff([]string{"oncall.source.1.api_key", "oncall.source.1.escalation_policy"}, named); diff != "" {
		t.Errorf("the names are said to be those of (-want +got):\n%s", diff)
	}
	from = fromFile(t, "[oncall]\n"+other, nil)
	from.Environ = []string{"API_KEY=key-before", "SECRET_KEY=x"}
	if got := load(t, from).OnCall.Sources; len(got) != 1 || got[0].APIKey.Reveal() != "ilert" {
		t.Errorf("without a PagerDuty the sources are %+v", got)
	}
}

func TestVariablesOfOneSourceNeedNoKind(t *testing.T) {
	from := config.Sources{Dir: t.TempDir(), Environ: []string{"SWITCHHOOK_ONCALL_SOURCE_0_API_KEY=key-before", "SWITCHHOOK_ONCALL_SOURCE_0_ESCALATION_POLICY=PBEFORE", "SWITCHHOOK_ONCALL_SECRET=secret-before"}}
	asBefore(t, load(t, from))
}
