package scenario_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/internal/form"
	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// Each file in testdata/broken is wrong in its own way; beside it stands what is said of
// it, and whether an editor that knows the schema would have said something, too.
func TestWhatIsSaidOfBrokenFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	schema := compiledSchema(t)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = scenario.Parse(filepath.Base(file), text)
			var problems *form.FileError
			if !errors.As(err, &problems) {
				t.Fatalf("nothing is wrong with it: %v", err)
			}
			said := problems.Error() + "\n\nThe schema " + verdict(schema, text) + ".\n"
			if want := golden(t, strings.TrimSuffix(file, ".yaml")+".txt", said); said != want {
				t.Errorf("got\n%s\nwant\n%s", said, want)
			}
			for _, p := range problems.List {
				if p.Line < 1 || p.Column < 1 || p.Width < 1 {
					t.Errorf("%q stands nowhere: %+v", p.What, p.Place)
				}
			}
		})
	}
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	text, err := os.ReadFile("testdata/broken/several.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = scenario.Parse("several.yaml", text)
	var problems *form.FileError
	if !errors.As(err, &problems) || len(problems.List) != 6 {
		t.Fatalf("want 6 problems, got %v", err)
	}
	line := 0
	for _, p := range problems.List {
		if p.Line < line {
			t.Errorf("line %d stands below line %d", p.Line, line)
		}
		line = p.Line
	}
}

func TestAFileThatIsNotThere(t *testing.T) {
	if _, err := scenario.Read(filepath.Join(t.TempDir(), "none.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

// Nothing that a file holds is more than wrong.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/broken/*.yaml", "../../scenarios/*.yaml", "*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		plan, err := scenario.Parse("fuzz.yaml", []byte(text))
		var problems *form.FileError
		switch {
		case err == nil:
			for _, act := range plan.Acts {
				if act.Do == nil || act.Verb() == "" || act.Gist() == "" {
					t.Fatalf("an act of which nothing can be said: %+v", act)
				}
			}
		case !errors.As(err, &problems):
			t.Fatalf("not a list of problems: %v", err)
		case len(problems.List) == 0 || problems.Error() == "":
			t.Fatal("wrong, but nothing is said of it")
		}
	})
}
