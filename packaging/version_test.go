package packaging_test

import (
	"strings"
	"testing"
)

func TestVersionsSortByAge(t *testing.T) {
	// From the oldest to the newest, as git describe has them.
	described := []struct{ version, time, commit, want string }{
		{"0.9.0", "1795183936", "0123456789ab", "0.9.0~20261120141216.g0123456789ab"},
		{"0.9.0", "1795183936", "0123456789ab-dirty", "0.9.0~20261120141216.g0123456789ab.dirty"},
		{"0.9.0", "1795183937", "fedcba987654", "0.9.0~20261120141217.gfedcba987654"},
		{"v0.9.0", "0", "0123456789ab", "0.9.0"},
		{"v1.0.0-rc.1", "0", "", "1.0.0~rc.1"},
		{"v1.0.0-rc.1-2-gfedcba9", "0", "", "1.0.0~rc.1+2.gfedcba9"},
		{"v1.0.0-rc.1-10-g0123456", "0", "", "1.0.0~rc.1+10.g0123456"},
		{"v1.0.0-rc.1-10-g0123456-dirty", "0", "", "1.0.0~rc.1+10.g0123456.dirty"},
		{"v1.0.0-rc.2", "0", "", "1.0.0~rc.2"},
		{"v1.0.0", "0", "", "1.0.0"},
		{"v1.0.0-9-gfedcba9", "0", "", "1.0.0+9.gfedcba9"},
		{"v1.0.0-10-g0123456", "0", "", "1.0.0+10.g0123456"},
		{"v1.0.1-dirty", "0", "0123456789ab-dirty", "1.0.1+0.dirty"},
		{"v1.0.1-1-g0123456", "0", "0123456789ab", "1.0.1+1.g0123456"},
		{"1.0.10", "1795183938", "fedcba987654", "1.0.10~20261120141218.gfedcba987654"},
		{"1.0.10", "1795183938", "", "1.0.10"}, // from an archive of the source
	}
	before := ""
	for _, d := range described {
		got := strings.TrimSpace(output(t, "./version.sh", d.version, d.time, d.commit))
		if got != d.want {
			t.Errorf("%s gives %s, want %s", d.version, got, d.want)
		}
		if _, err := tryOutput(t, "dpkg", "--validate-version", got); err != nil {
			t.Error(err)
		}
		if _, err := tryOutput(t, "dpkg", "--compare-versions", before, "lt-nl", got); before != "" && err != nil {
			t.Errorf("%s is not later than %s", got, before)
		}
		before = got
	}
}
