package widget

import "slices"

// Languages returns the tags of the languages that visitors can have, in
// alphabetical order.
func Languages() []string { return slices.Sorted(slices.Values(vocabulary().tags)) }
