package optout

import "io/fs"

// ReadTables reads tables of another folder, to see the error of a wrong one.
func ReadTables(folder fs.FS) error {
	_, err := readTables(folder)
	return err
}
