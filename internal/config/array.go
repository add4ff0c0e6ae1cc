package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// array is a section that the settings file may have several times, [[like
// this]]. Each time is an item: a section with the item's number in its path,
// "oncall.source.0".
type array struct {
	path   string
	own    string // how the variables of its items begin: "SWITCHHOOK_ONCALL_SOURCE_"
	index  []int  // of the field, from Settings
	doc    string
	typ    reflect.Type // of an item
	within *section
	items  map[int]*section // that were asked for; those that are given are on
}

// needOfItem is the tag of what no item can be without.
const needOfItem = "item"

// maxItems is the most items of an array. More of them are a mistake.
const maxItems = 100

// parts returns the path as the settings file writes it.
func (a *array) parts() []string { return strings.Split(a.path, ".") }

// item returns an item of an array; nil where there cannot be so many.
func (p *plan) item(a *array, n int) *section {
	if s := a.items[n]; s != nil || n < 0 || n >= maxItems {
		return s
	}
	path := a.path + "." + strconv.Itoa(n)
	s := &section{path: path, index: slices.Concat(a.index, []int{n}), doc: a.doc, gate: path, array: a}
	s.item = s
	if a.within != nil {
		s.switches = a.within.path
	}
	a.items[n] = s
	p.sections = append(p.sections, s)
	known := len(p.keys)
	p.add(a.typ, s, s.index)
	if n > 0 { // the names of the service before are those of one item; see moveOldNames
		for _, k := range p.keys[known:] {
			k.old, k.common, k.before = "", false, ""
		}
	}
	// The order of the struct is that of the indexes of its fields.
	slices.SortFunc(p.keys, func(a, b *key) int { return slices.Compare(a.index, b.index) })
	slices.SortFunc(p.sections, func(a, b *section) int { return slices.Compare(a.index, b.index) })
	return s
}

// makeItem makes the item whose number a name begins with, if it begins with
// one. joint is what stands behind the number.
func (p *plan) makeItem(a *array, name, joint string) {
	number, _, found := strings.Cut(name, joint)
	if n, err := strconv.Atoi(number); found && err == nil && strconv.Itoa(n) == number {
		p.item(a, n)
	}
}

// array returns the array of a path, or nil.
func (p *plan) array(path string) *array {
	for _, a := range p.arrays {
		if a.path == path {
			return a
		}
	}
	return nil
}

// sibling returns the key of another item that is the same there.
func (p *plan) sibling(k *key, item *section) *key {
	return p.paths[item.path+strings.TrimPrefix(k.path, k.section.item.path)]
}

// moveOldNames gives the names of the service before to another item than the
// first of their array; nil: to none.
func (p *plan) moveOldNames(a *array, to *section) {
	first := a.items[0]
	if to == first {
		return
	}
	for _, k := range p.keys {
		if k.section == nil || k.section.item != first {
			continue
		}
		if to != nil {
			other := p.sibling(k, to)
			other.old, other.common, other.before = k.old, k.common, k.before
		}
		k.old, k.common, k.before = "", false, ""
	}
}

// field returns the field of settings that an index leads to; false where its
// section is off.
func field(settings *Settings, index []int) (reflect.Value, bool) {
	v := reflect.ValueOf(settings).Elem()
	for _, i := range index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		switch {
		case v.Kind() != reflect.Slice:
			v = v.Field(i)
		case i < v.Len():
			v = v.Index(i)
		default:
			return reflect.Value{}, false
		}
	}
	return v, true
}
