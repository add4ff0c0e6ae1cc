package entry

// Act is what a command did to an entry: an outcome of the activity record.
type Act string

// The acts.
const (
	Saved   Act = "saved"
	Removed Act = "removed"
)

// Sentence returns the sentence of an act.
func (a Act) Sentence() string {
	switch a {
	case Saved:
		return "A command changed the entry[: $fields]."
	case Removed:
		return "A command removed the entry."
	}
	return ""
}
