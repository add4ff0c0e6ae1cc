package dialplan

// Matches lets tests match a pattern against a URI.
func (p Pattern) Matches(u URI) bool {
	k := u.key()
	return p.matches(k.form(p.form))
}

// Translate lets tests apply a translation for a user.
func (t Translation) Translate(from, to URI, owner User) (URI, URI, error) {
	err := t.apply(&from, &to, own{domain: owner.Domain, callerIDName: owner.CallerIDName, callerID: owner.CallerID})
	return from, to, err
}
