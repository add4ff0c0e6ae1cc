package config_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/server/config"
)

// TestLoadChangesNothing matters for reloads: they happen while a server runs.
func TestLoadChangesNothing(t *testing.T) {
	dir := folder(t, map[string]string{
		settingsFile: complete, ".env": "NS_TOKEN=x\n", "domains.json": "{}", "credentials/forms.secret": "y\n",
	})
	from := config.Sources{
		Path: settingsFile, Dir: dir, CredentialsDir: filepath.Join(dir, "credentials"),
		Flags:   map[string]string{"listen": ":80"},
		Environ: []string{"SWITCHHOOK_DATA=data", "B=2", "A=1"},
	}
	environ, flags, files := slices.Clone(from.Environ), maps.Clone(from.Flags), listing(t, dir)
	first := load(t, from)

	var loads sync.WaitGroup
	for range 4 {
		loads.Go(func() {
			again, err := config.Load(from)
			if err != nil {
				t.Errorf("Load: %v", err)
				return
			}
			if diff := cmp.Diff(first.Describe(), again.Describe()); diff != "" {
				t.Errorf("loaded again (-first +again):\n%s", diff)
			}
		})
	}
	loads.Wait()

	if diff := cmp.Diff(environ, from.Environ); diff != "" {
		t.Errorf("the environment has changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(flags, from.Flags); diff != "" {
		t.Errorf("the flags have changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(files, listing(t, dir)); diff != "" {
		t.Errorf("the folder has changed (-before +after):\n%s", diff)
	}
}

// listing returns the content and modification time of every file.
func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		all[name] = info.ModTime().String()
		if !entry.IsDir() {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			all[name] += string(content)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestBadFileLeavesWhatWasLoadedAlone(t *testing.T) {
	from := fromFile(t, complete, nil)
	s := load(t, from)
	before := s.Describe()
	if err := os.WriteFile(filepath.Join(from.Dir, settingsFile), []byte("listen = 5"), 0o600); err != nil {
		t.Fatal(err)
	}
	refusal(t, from)
	if diff := cmp.Diff(before, s.Describe()); diff != "" {
		t.Errorf("settings (-before +after):\n%s", diff)
	}
}
