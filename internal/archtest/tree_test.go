package archtest_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxLines is how long a file of Go may be. Longer ones hide a second topic.
const maxLines = 500

// topFolders are the names that stand at the top for good.
func topFolders() []string {
	return []string{"bridge", "cmd", "conformance", "docs", "fixtures", "internal", "scenarios", "simulator", "tools"}
}

// root is the repository's folder.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "LICENSE")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no folder above this one has a LICENSE")
		}
		dir = parent
	}
}

// file is one file of the tree.
type file struct {
	path string // from the root, with slashes
	text []byte
}

func (f file) lines() int { return bytes.Count(f.text, []byte("\n")) }

// files reads every text file of the tree that is not ignored.
func files(t *testing.T) []file {
	t.Helper()
	dir := root(t)
	ignored := ignoredNames(t, dir)
	var all []file
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ignored(path):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !entry.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		if err == nil && !bytes.ContainsRune(text, 0) {
			all = append(all, file{path: path, text: text})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// ignoredNames reads .gitignore, of which the tree uses two forms: a folder at
// the top, and a pattern of file names.
func ignoredNames(t *testing.T, dir string) func(path string) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	folders, patterns := []string{".git"}, []string{}
	for line := range strings.Lines(string(text)) {
		switch line = strings.TrimSpace(line); {
		case line == "", strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "/"):
			folders = append(folders, strings.Trim(line, "/"))
		default:
			patterns = append(patterns, strings.TrimSuffix(line, "/"))
		}
	}
	return func(path string) bool {
		return slices.Contains(folders, path) || slices.ContainsFunc(patterns, func(pattern string) bool {
			matched, err := filepath.Match(pattern, filepath.Base(path))
			return err == nil && matched
		})
	}
}

func TestTopNames(t *testing.T) {
	entries, err := os.ReadDir(root(t))
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, entry := range entries {
		name := entry.Name()
		if !entry.IsDir() || strings.HasPrefix(name, ".") || name == "bin" {
			continue
		}
		have = append(have, name)
		if !slices.Contains(topFolders(), name) {
			t.Errorf("folder %s: the names at the top are fixed; find it a place in one of %v", name, topFolders())
		}
	}
	for _, name := range []string{"bridge", "cmd", "conformance", "fixtures", "internal", "scenarios", "simulator"} {
		if !slices.Contains(have, name) {
			t.Errorf("folder %s is missing", name)
		}
	}
}

func TestLicence(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"Apache License", "Version 2.0, January 2004", "END OF TERMS AND CONDITIONS"} {
		if !bytes.Contains(text, []byte(part)) {
			t.Errorf("LICENSE lacks %q: it is to be the whole Apache License 2.0", part)
		}
	}
}

func TestNoFileIsTooLong(t *testing.T) {
	generated := regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)
	for _, f := range files(t) {
		if strings.HasSuffix(f.path, ".go") && f.lines() > maxLines && !generated.Match(f.text) {
			t.Errorf("%s has %d lines, more than %d: it has room for a wall", f.path, f.lines(), maxLines)
		}
	}
}

// Whoever clones the tree has another machine and other mirrors.
func TestNoFileKnowsAMachine(t *testing.T) {
	machines := regexp.MustCompile(strings.Join([]string{
		`(^|[\s"'=:(\x60])/(work|home|Users)/`,
		`\.\./shared\b`,
		`\b(proxy|sum)\.golang\.org\b`,
		`\b(docker|ghcr|quay|gcr)\.io/`,
		`\bpkg\.dev/[a-z]+-`,
		`\bdeb\.debian\.org\b`,
	}, "|"))
	for _, f := range files(t) {
		switch f.path {
		case ".ci/run": // the one place that knows its surroundings
		case "internal/archtest/tree_test.go": // these patterns
		default:
			for i, line := range bytes.Split(f.text, []byte("\n")) {
				if found := machines.Find(line); found != nil {
					t.Errorf("%s:%d names a machine or a mirror: %s", f.path, i+1, bytes.TrimSpace(found))
				}
			}
		}
	}
}
