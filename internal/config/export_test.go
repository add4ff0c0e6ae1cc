package config

// ReadDotenv returns the names and values in the text of a .env file, and the
// problems with their lines.
func ReadDotenv(content string) (pairs [][2]string, problems []string) {
	found, wrong := readDotenv(content, ".env")
	for _, v := range found {
		pairs = append(pairs, [2]string{v.name, v.value})
	}
	for _, p := range wrong {
		problems = append(problems, p.String())
	}
	return pairs, problems
}

// ReadDocument returns the lines of the statements in the text of a settings
// file, and of what is not TOML in it.
func ReadDocument(content string) (statements, problems []int) {
	d := readDocument(content, "switchhook.toml", "")
	for _, s := range d.statements {
		statements = append(statements, s.at.Line)
	}
	for _, p := range d.problems {
		problems = append(problems, p.Origin.Line)
	}
	return statements, problems
}
