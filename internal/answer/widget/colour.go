package widget

import (
	_ "embed" // the names of colours
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// DefaultColour is a button's where its entry names none.
const DefaultColour = "#1a73e8"

// What WCAG 2.2 asks, as ratios of contrast.
const (
	readable = 4.5 // text against its background, 1.4.3
	visible  = 3   // the boundary of a control, 1.4.11
)

// The paper of the panel by day and by night, as in widget.css.
var (
	dayPaper   = colour{0xff, 0xff, 0xff}
	nightPaper = colour{0x1e, 0x1f, 0x23}
)

// Palette is derived from an entry's colour, each as #rrggbb.
type Palette struct {
	Fill string // of a button: the entry's colour itself
	Over string // of a button with the pointer over it
	Text string // upon Fill and Over, to be read with ease
	Edge string // around a button, to be told from the paper
	Ink  string // words in the entry's colour upon the paper, as light or dark as it takes to read them
}

// Colours returns the palettes of a colour by day and by night. It is written
// as in CSS: #rgb, #rrggbb, rgb() or a name; transparency is ignored. False: it
// is none of these.
func Colours(css string) (day, night Palette, ok bool) {
	c, ok := parseColour(css)
	if !ok {
		return Palette{}, Palette{}, false
	}
	return c.on(dayPaper), c.on(nightPaper), true
}

func (c colour) on(paper colour) Palette {
	// One of the two always is readable: at best 4.58 for the worst colour.
	text, over := white, c.toward(black, 0.15)
	if contrast(c, white) < readable {
		text, over = black, c.toward(white, 0.15)
	}
	return Palette{
		Fill: c.String(),
		Over: over.String(),
		Text: text.String(),
		Edge: c.against(paper, visible).String(),
		Ink:  c.against(paper, readable).String(),
	}
}

// variables returns the palette as CSS, for what stands before widget.css.
func (p Palette) variables(prefix string) string {
	return fmt.Sprintf("--%[1]sfill:%[2]s;--%[1]sover:%[3]s;--%[1]stext:%[4]s;--%[1]sedge:%[5]s;--%[1]sink:%[6]s;", prefix, p.Fill, p.Over, p.Text, p.Edge, p.Ink)
}

// colour is one of sRGB.
type colour struct{ r, g, b uint8 }

var black, white = colour{}, colour{0xff, 0xff, 0xff}

func (c colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c.r, c.g, c.b) }

// toward returns the colour mixed with another one, of which it takes a part.
func (c colour) toward(other colour, part float64) colour {
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + (float64(b)-float64(a))*part)) }
	return colour{mix(c.r, other.r), mix(c.g, other.g), mix(c.b, other.b)}
}

// against returns the nearest colour of the same hue that has a contrast with
// the paper: darker on light paper, lighter on dark.
func (c colour) against(paper colour, ratio float64) colour {
	goal := black
	if contrast(paper, white) > contrast(paper, black) {
		goal = white
	}
	const steps = 256
	for step := range steps {
		if nearer := c.toward(goal, float64(step)/steps); contrast(nearer, paper) >= ratio {
			return nearer
		}
	}
	return goal
}

// contrast returns the ratio of WCAG 2.2's definition, 1 to 21.
func contrast(a, b colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is the relative luminance of WCAG 2.2's definition.
func (c colour) luminance() float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

var (
	hexColour = regexp.MustCompile(`^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$`)
	rgbColour = regexp.MustCompile(`^rgba?\(\s*(\d{1,3})\s*[,\s]\s*(\d{1,3})\s*[,\s]\s*(\d{1,3})\s*(?:[,/]\s*[\d.]{1,8}%?\s*)?\)$`)
)

// maxColour bounds what is read of a colour.
const maxColour = 60

func parseColour(css string) (colour, bool) {
	if len(css) > maxColour {
		return colour{}, false
	}
	css = strings.ToLower(strings.TrimSpace(css))
	if hex, ok := colourNames()[css]; ok {
		css = hex
	}
	if parts := rgbColour.FindStringSubmatch(css); parts != nil {
		var v [3]uint8
		for i := range v {
			n, err := strconv.Atoi(parts[i+1])
			if err != nil {
				return colour{}, false
			}
			v[i] = uint8(min(n, 255)) // as CSS has it
		}
		return colour{v[0], v[1], v[2]}, true
	}
	if !hexColour.MatchString(css) {
		return colour{}, false
	}
	digits := css[1:]
	if len(digits) < 6 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	n, err := strconv.ParseUint(digits[:6], 16, 32)
	return colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}, err == nil
}

// The names of colours that CSS has, CSS Color Module Level 4, section 6.1.
//
//go:embed colours.txt
var colourFile string

var colourNames = sync.OnceValue(func() map[string]string {
	all := make(map[string]string)
	for line := range strings.Lines(colourFile) {
		if name, hex, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			all[name] = hex
		}
	}
	return all
})
