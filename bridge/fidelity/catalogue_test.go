package fidelity_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
)

func TestEachQuirkIsDescribedInFull(t *testing.T) {
	id := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)
	seen := map[string]bool{}
	areas := []fidelity.Area{}
	for _, q := range fidelity.Quirks() {
		if !id.MatchString(q.ID) || seen[q.ID] {
			t.Errorf("id %q is malformed or taken", q.ID)
		}
		seen[q.ID] = true
		if !slices.Contains(fidelity.Classes(), q.Class) {
			t.Errorf("%s: class %q", q.ID, q.Class)
		}
		for name, text := range map[string]string{
			"area": string(q.Area), "notices": q.Notices, "kazoo": q.Kazoo, "corrected": q.Corrected, "source": q.Source,
		} {
			if text == "" || strings.ContainsAny(text, "\n\t|") {
				t.Errorf("%s: %s is empty, or cannot stand in a table: %q", q.ID, name, text)
			}
		}
		if q.Class == fidelity.Keep && (q.Corrected == q.Kazoo || q.Corrected == "the same") {
			t.Errorf("%s is kept, yet both modes do the same", q.ID)
		}
		if n := len(areas); n == 0 || areas[n-1] != q.Area {
			if slices.Contains(areas, q.Area) {
				t.Errorf("%s: the quirks of an area stand together", q.ID)
			}
			areas = append(areas, q.Area)
		}
	}
}

func TestFind(t *testing.T) {
	for _, id := range fidelity.QuirkIDs() {
		if q, ok := fidelity.Find(id); !ok || q.ID != id {
			t.Errorf("%s: found %q, %v", id, q.ID, ok)
		}
	}
	if _, ok := fidelity.Find("no-such-quirk"); ok {
		t.Error("found what there is not")
	}
}

// An id that stands in the code is one of the catalogue, and a quirk that is kept
// is named where it is kept.
func TestCodeAndCatalogueNameTheSameQuirks(t *testing.T) {
	named := map[string]string{}
	texts := sources(t)
	// In comments "(quirk some-id)" or "quirk some-id"; in tests tally.Differ("some-id").
	naming := regexp.MustCompile(`\bquirk ([a-z0-9]+(?:-[a-z0-9]+)+)\b|\.Differ\("([a-z0-9-]+)"\)`)
	broken := regexp.MustCompile(`\bquirk\s*\n\s*// `) // between two lines of a comment
	for path, text := range texts {
		if !strings.Contains(text, "quirk") && !strings.Contains(text, ".Differ(") {
			continue
		}
		for _, m := range naming.FindAllStringSubmatch(broken.ReplaceAllString(text, "quirk "), -1) {
			named[m[1]+m[2]] = path
		}
	}
	for id, path := range named {
		if _, ok := fidelity.Find(id); !ok {
			t.Errorf("%s names quirk %q, which the catalogue lacks", path, id)
		}
	}
	for _, q := range fidelity.Quirks() {
		if q.Class != fidelity.Keep || named[q.ID] != "" {
			continue
		}
		quoted := func(text string) bool { return strings.Contains(text, `"`+q.ID+`"`) }
		if !slices.ContainsFunc(slices.Collect(maps.Values(texts)), quoted) {
			t.Errorf("quirk %s is to be kept, but nothing in the code names it", q.ID)
		}
	}
}

// sources are the Go files of the module, those aside that name quirks for other reasons.
func sources(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if name := entry.Name(); path != root && (strings.HasPrefix(name, ".") || name == "fidelity" || name == "vectortest") {
				return fs.SkipDir
			}
			return nil
		case filepath.Ext(path) != ".go":
			return nil
		}
		text, err := os.ReadFile(path)
		texts[path] = string(text)
		return err
	})
	if err != nil || len(texts) == 0 {
		t.Fatalf("%d files read: %v", len(texts), err)
	}
	return texts
}
