// Package layout_test holds the tests of the shape of the source itself: which
// package may import which, how long a file may get, and that the links of the
// documents lead somewhere. It reads every file, those for other systems too.
package layout_test

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
)

// root is the module's folder, as seen from this package's own.
const root = "../.."

// sourceFiles returns the slash-separated paths, from the module's folder, of
// the files of this module that end in suffix. It leaves out what the go
// command leaves out: hidden folders, testdata and modules within the module;
// and bin and dist, which are built.
func sourceFiles(t *testing.T, suffix string) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skipFolder(name)
		}
		if strings.HasSuffix(name, suffix) {
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("list the source files: %v", err)
	}
	return files
}

// skipFolder returns fs.SkipDir for a folder that sourceFiles leaves out.
func skipFolder(name string) error {
	if name == "." {
		return nil
	}
	base := path.Base(name)
	if strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules" || name == "bin" || name == "dist" {
		return fs.SkipDir
	}
	_, err := os.Stat(path.Join(root, name, "go.mod"))
	switch {
	case err == nil:
		return fs.SkipDir
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// read returns the content of a file named as sourceFiles names it.
func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(path.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
