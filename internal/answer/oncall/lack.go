package oncall

// Lack is somebody on call whom no route can ring.
type Lack struct {
	Source string // its name
	Person string // what to call them by
}

// Lacks returns who is on call, at any level, by what the sources said last, and
// has no number that can be rung, each once. It leaves out people with an empty
// list in the operator's map: that is intended.
func (d *Desk) Lacks() []Lack {
	var found []Lack
	known := map[Lack]bool{}
	for _, l := range d.lines {
		for _, a := range d.config.Keeper.answers(l.Sources) {
			for i := range a.Snapshot.People {
				p := &a.Snapshot.People[i]
				one := Lack{a.Source, called(p)}
				own, mapped := lookUp(l.Rules.Numbers, p)
				numbers, _, _ := numbersOf(p, &l.Rules, l.Rules.reader())
				if len(numbers) > 0 || known[one] || mapped && len(own) == 0 {
					continue
				}
				known[one] = true
				found = append(found, one)
			}
		}
	}
	return found
}
