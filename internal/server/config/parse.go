package config

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting"
)

// parse returns a value as the setting's field holds it. Relative paths begin
// in the value's folder, and that in dir.
func (k *key) parse(v *value, at, dir string) (reflect.Value, []Problem) {
	switch {
	case k.table:
		return k.parseTable(v, at, dir)
	case k.list:
		return k.parseList(v, k.typ, at, dir)
	default:
		return k.parseEntry(v, at, dir)
	}
}

// parseOne returns a value that is not a list. name is its name in problems.
func (k *key) parseOne(v *value, name, dir string) (reflect.Value, *Problem) {
	fail := func(format string, args ...any) (reflect.Value, *Problem) {
		p := problemf(v.origin, "%s %s", name, fmt.Sprintf(format, args...))
		return reflect.Value{}, &p
	}
	takes := k.kind.takes
	if v.form != bare && v.form != k.kind.written() && (v.form != moment || !k.kind.moment) {
		return fail("is %s; it takes %s", v.form.noun(), takes)
	}
	parsed, err := k.kind.parse(v.text)
	if path, ok := parsed.(setting.Path); ok {
		parsed = path.In(string(setting.Path(v.folder).In(dir)))
	}
	if err == nil {
		err = k.checkRange(parsed)
	}
	shown := clip(v.text)
	if k.kind.masked {
		shown = phone.Mask(shown)
	}
	if v.form != number && v.form != moment {
		shown = strconv.Quote(shown)
	}
	switch {
	case err == nil:
		return reflect.ValueOf(parsed), nil
	case k.kind.secret && errors.Is(err, setting.ErrForm):
		return fail("is not %s", takes) // the value is not shown
	case k.kind.secret, errors.Is(err, setting.ErrPassword):
		return fail("%v", err) // nor here
	case errors.Is(err, setting.ErrForm):
		return fail("is %s; it takes %s", shown, takes)
	default:
		return fail("is %s, which %v", shown, err)
	}
}

// checkRange reports a time or a number that is too small or too large.
func (k *key) checkRange(parsed any) error {
	n, ok := integer(parsed)
	limit := func(n int64) string {
		return k.kind.format(reflect.ValueOf(n).Convert(reflect.TypeOf(parsed)).Interface())
	}
	switch {
	case !ok || n == 0 && k.zero != "":
		return nil
	case n < k.min && k.zero != "":
		return fmt.Errorf("is less than %s, the least it may be but for 0, which is %s", limit(k.min), k.zero)
	case n < k.min:
		return fmt.Errorf("is less than %s, the least it may be", limit(k.min))
	case k.max > 0 && n > k.max:
		return fmt.Errorf("is more than %s, the most it may be", limit(k.max))
	}
	return nil
}

// maxShown is how much of a value problems show, in characters.
const maxShown = 60

func clip(text string) string {
	if chars := []rune(text); len(chars) > maxShown {
		return string(chars[:maxShown]) + "…"
	}
	return text
}
