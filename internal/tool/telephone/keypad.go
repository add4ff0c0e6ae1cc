package telephone

import (
	"strings"
	"time"
)

// litFor is how long a key stays lit: long enough to be seen.
const litFor = 300 * time.Millisecond

// keypad is a telephone's keys, of which one may be lit.
type keypad struct {
	key   byte // that was pressed last
	until time.Time
}

// keypadWidth is the width of its rows.
const keypadWidth = 12

// keypadHeight is the number of its rows.
const keypadHeight = 4

func (k *keypad) light(key byte, now time.Time) { k.key, k.until = key, now.Add(litFor) }

// isLit reports whether a key is lit.
func (k *keypad) isLit(now time.Time) bool { return now.Before(k.until) }

func (k *keypad) view(now time.Time) []string {
	rows := make([]string, 0, keypadHeight)
	for _, keys := range [keypadHeight]string{"123", "456", "789", "*0#"} {
		var row strings.Builder
		for i := range len(keys) {
			if keys[i] == k.key && k.isLit(now) {
				row.WriteString(lit.Render("["+keys[i:i+1]+"]") + " ")
			} else {
				row.WriteString(" " + keys[i:i+1] + "  ")
			}
		}
		rows = append(rows, row.String())
	}
	return rows
}

// isKey reports whether c is on a telephone's keypad.
func isKey(c byte) bool { return c >= '0' && c <= '9' || c == '*' || c == '#' }
