package config

// ReadDotenv returns the names and values in a .env file, and the problems with
// their lines.
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

// ReadDocument returns the lines of a settings file's values, or the line where
// it is not TOML.
func ReadDocument(content string) (values []int, wrong int) {
	arrays := func(path string) (isArray bool, named string) { // all occur
		return len(path)%2 == 0, map[int]string{4: "name"}[len(path)%6]
	}
	found, odd, problem := readDocument(content, "switchhook.toml", "", arrays)
	if problem != nil {
		return nil, problem.Origin.Line
	}
	for _, v := range found {
		values = append(values, v.origin.Line)
	}
	for _, v := range odd {
		values = append(values, v.origin.Line)
	}
	return values, 0
}
