package cli_test

import "testing"

func TestTimesAsOperatorsWriteThem(t *testing.T) {
	folder := t.TempDir()
	settings := phoneSettings(t, folder, "http://127.0.0.1:1", "public_url = \"http://127.0.0.1:1\"")
	run(t, "{}", nil, "import", "-c", settings, "-").wants(t, 0)
	for _, good := range []string{"1d12h", "45s", "36500d"} {
		run(t, "", nil, "texts", "list", "-c", settings, "--since", good).wants(t, 0, "no texts")
	}
	for _, bad := range []string{"", "90", "d", "-1h", "1d-1h", "36501d", "99999999999h", "1w", "1dd", "soon"} {
		run(t, "", nil, "texts", "list", "-c", settings, "--since="+bad).wants(t, 2, "a time is written as a number and a unit")
	}
}
