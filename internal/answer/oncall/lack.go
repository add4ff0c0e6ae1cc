package oncall

// Lack is somebody on call whom no route can ring.
type Lack struct {
	Source string // its name
	Person string // what to call them by
}

// Lacks returns who is on call, at any level, by what the sources said last, and
// has no number that can be rung, each once. It leaves out people with an empty
// list in the operator's map: that is intended.
func (d *Dispatcher) Lacks() []Lack {
	var found []Lack
	known := map[Lack]bool{}
	for _, route := range d.routes {
		for _, a := range d.config.Keeper.answers(route.Sources) {
			for i := range a.Snapshot.People {
				p := &a.Snapshot.People[i]
				one := Lack{a.Source, nameOf(p)}
				own, mapped := lookUpNumbers(route.Rules.Numbers, p)
				numbers, _, _ := numbersOf(p, &route.Rules, route.Rules.numberReader())
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
