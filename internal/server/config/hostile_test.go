package config_test

import (
	"strings"
	"testing"
)

// TestHostileFilesEnd reads files that are hard to read on purpose. None may
// take memory or time out of proportion; the test's own time-out would tell.
func TestHostileFilesEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without large inputs")
	}
	const size = 256 << 10
	fill := func(text string) string { return strings.Repeat(text, size/len(text)) }
	for name, content := range map[string]string{
		"lists in lists":           "listen = " + fill("["),
		"lists in lists, closed":   "listen = " + fill("[")[:size/2-10] + fill("]")[:size/2-10],
		"tables in tables":         "listen = " + fill("{a=")[:size-10],
		"tables in tables, closed": "listen = " + strings.Repeat("{a=", size/5) + "1" + strings.Repeat("}", size/5),
		"a name of many parts":     fill("a.")[:size-10] + "a = 1",
		"heads of many parts":      fill("[a.a.a.a.a.a.a]\n")[:size/4],
		"heads":                    fill("[[core]]\n"),
		"items":                    fill("[[oncall.source]]\n"),
		"items of unknown things":  strings.Repeat("[[oncall.source]]\n", 100) + unknownKeys(size/4),
		"items in brackets":        "oncall.route=[" + fill("{},")[:size-20] + "]",
		"a table of many lines":    "[oncall.numbers]\n" + strings.ReplaceAll(unknownKeys(size/4), "=1", "='1'"),
		"equal keys":               fill("a=1\n")[:size/8], // read again for each reported one
		"keys of unknown things":   unknownKeys(size / 4),
		"quotation marks":          fill(`"`),
		"lines that are not TOML":  fill("a=b\n")[:size/8],
		"empty lines":              fill("\n"),
		"one long comment":         "#" + fill("x")[:size-1],
		"zeros":                    fill("\x00"),
	} {
		t.Run(name, func(t *testing.T) {
			if problems := refusal(t, fromFile(t, content, nil)); len(problems) == 0 {
				t.Error("it is refused without a problem")
			}
		})
		t.Run(name+" in .env", func(t *testing.T) {
			refusal(t, fromFile(t, "", map[string]string{".env": content}))
		})
	}
}

func unknownKeys(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size-20; i++ {
		b.WriteString("key" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + "_" + strings.Repeat("y", i/182%40) + strings.Repeat("z", i/7280) + "=1\n")
	}
	return b.String()
}
