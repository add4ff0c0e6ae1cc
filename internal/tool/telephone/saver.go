package telephone

import "github.com/switchhook/switchhook/internal/call/simulator"

// saver saves calls to files that the person names.
type saver struct {
	write func(name string, call *simulator.Result) error // nil: calls cannot be saved
	later string                                          // the file for the current call, named before its end
}

// save saves the call, once it is over (nil: it goes on), and returns what to
// tell the person.
func (s *saver) save(name string, over *ended) (notice string) {
	if over == nil {
		s.later = name
		return "The call will be saved to " + clean(name) + " when it is over."
	}
	s.later = ""
	if err := s.write(name, over.result); err != nil {
		return sentence(err)
	}
	return "Saved to " + clean(name) + "."
}

// rest saves the last call, if the person left before it was over.
func (s *saver) rest(last *simulator.Result) error {
	if s.later == "" || last == nil {
		return nil
	}
	return s.write(s.later, last)
}
