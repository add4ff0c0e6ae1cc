package widget_test

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/widget"
)

// luminance is WCAG 2.2's relative luminance of #rrggbb.
func luminance(t interface{ Fatalf(string, ...any) }, hex string) float64 {
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil || len(hex) != 7 {
		t.Fatalf("%q is not #rrggbb", hex)
	}
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := float64(n>>(16-8*i)&0xff) / 255
		if v <= 0.04045 {
			sum += weight * v / 12.92
		} else {
			sum += weight * math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return sum
}

func contrast(t interface{ Fatalf(string, ...any) }, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func checkPalette(t interface{ Fatalf(string, ...any) }, colour, paper string, p widget.Palette) {
	for _, c := range []struct {
		what, one, other string
		least            float64
	}{
		{"text upon the button", p.Text, p.Fill, 4.5},
		{"text upon the button with the pointer over it", p.Text, p.Over, 4.5},
		{"the button's edge upon the paper", p.Edge, paper, 3},
		{"words upon the paper", p.Ink, paper, 4.5},
	} {
		if got := contrast(t, c.one, c.other); got < c.least {
			t.Fatalf("%s: %s: %s and %s have a contrast of %.2f, less than %.1f", colour, c.what, c.one, c.other, got, c.least)
		}
	}
}

// papers are --paper of widget.css.
const dayPaper, nightPaper = "#ffffff", "#1e1f23"

func TestEveryColourIsReadable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		colour := fmt.Sprintf("#%06x", rapid.IntRange(0, 0xffffff).Draw(t, "colour"))
		day, night, ok := widget.Colours(colour)
		if !ok || day.Fill != colour || night.Fill != colour {
			t.Fatalf("%s: %v, %v, %v", colour, day, night, ok)
		}
		checkPalette(t, colour, dayPaper, day)
		checkPalette(t, colour, nightPaper, night)
	})
}

func TestColoursAreChangedNoMoreThanItTakes(t *testing.T) {
	for colour, want := range map[string][2]widget.Palette{
		"#1a73e8": {
			{Fill: "#1a73e8", Over: "#1662c5", Text: "#ffffff", Edge: "#1a73e8", Ink: "#1a73e8"},
			{Fill: "#1a73e8", Over: "#1662c5", Text: "#ffffff", Edge: "#1a73e8", Ink: "#3886eb"},
		},
		"yellow": {
			{Fill: "#ffff00", Over: "#ffff26", Text: "#000000", Edge: "#9a9a00", Ink: "#7a7a00"},
			{Fill: "#ffff00", Over: "#ffff26", Text: "#000000", Edge: "#ffff00", Ink: "#ffff00"},
		},
		"navy": {
			{Fill: "#000080", Over: "#00006d", Text: "#ffffff", Edge: "#000080", Ink: "#000080"},
			{Fill: "#000080", Over: "#00006d", Text: "#ffffff", Edge: "#6161b0", Ink: "#8080c0"},
		},
	} {
		day, night, ok := widget.Colours(colour)
		if diff := cmp.Diff(want, [2]widget.Palette{day, night}); !ok || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", colour, ok, diff)
		}
	}
}

func TestColoursAreReadAsCSSWritesThem(t *testing.T) {
	for given, want := range map[string]string{
		"#1A73E8": "#1a73e8", " #abc ": "#aabbcc", "#abcd": "#aabbcc", "#11223344": "#112233", "Tomato": "#ff6347",
		"rgb(1, 2,3)": "#010203", "rgba(255,0,300,0.5)": "#ff00ff", "rgb(1 2 3 / 50%)": "#010203", "RGB(0,128,0)": "#008000",
	} {
		if day, _, ok := widget.Colours(given); !ok || day.Fill != want {
			t.Errorf("%q: %v, %v", given, day.Fill, ok)
		}
	}
	for _, given := range []string{
		"", "#", "#12", "#12345", "#1234567", "#ggg", "blurple", "rgb(1,2)", "rgb(1,2,3", "rgb(-1,2,3)", "red;", "var(--x)", "url(x)",
		"#fff}", "transparent", "inherit", "rgb(1,2,3)" + strings.Repeat(" ", 100),
	} {
		if day, _, ok := widget.Colours(given); ok {
			t.Errorf("%q is taken for %s", given, day.Fill)
		}
	}
}

// colourFile returns the colours that have names.
func colourFile(t *testing.T) map[string]string {
	t.Helper()
	file, err := os.ReadFile("colours.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(file)) {
		name, hex, _ := strings.Cut(strings.TrimSpace(line), " ")
		all[name] = hex
		if day, _, ok := widget.Colours(name); !ok || day.Fill != hex {
			t.Errorf("%s is read as %s, %v", name, day.Fill, ok)
		}
	}
	return all
}
