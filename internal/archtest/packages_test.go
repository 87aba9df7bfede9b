package archtest_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// module is the import path of the repository's root.
const module = "github.com/kazoolab/kazoolab"

// pkg is what go list tells about a package.
type pkg struct {
	ImportPath   string
	Doc          string // first sentence of the package comment
	Imports      []string
	TestImports  []string // of tests inside the package
	XTestImports []string // of tests beside it
}

// path is the package's folder from the root, "." for the root itself.
func (p pkg) path() string { return relative(p.ImportPath) }

func relative(importPath string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}

// graph is every package that the module reaches, by import path.
type graph map[string]pkg

// load lists the module's packages, the build-tagged ones included, and all that
// they and their tests reach.
func load(t *testing.T) graph {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "real,rabbitmq,postgresql",
		"-json=ImportPath,Doc,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root(t)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, complaint.String())
	}
	packages := graph{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages[p.ImportPath] = p
	}
}

// own lists the module's own packages in order.
func (g graph) own() []pkg {
	var own []pkg
	for path, p := range g {
		if path == module || strings.HasPrefix(path, module+"/") {
			own = append(own, p)
		}
	}
	slices.SortFunc(own, func(a, b pkg) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	return own
}

// chain is a shortest way of imports from one of the given packages to one that
// bad holds for; nil when there is none.
func (g graph) chain(from []string, bad func(importPath string) bool) []string {
	before := map[string]string{}
	queue := slices.Clone(from)
	for _, path := range from {
		before[path] = ""
	}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if bad(path) {
			way := []string{path}
			for p := before[path]; p != ""; p = before[p] {
				way = append(way, p)
			}
			slices.Reverse(way)
			return way
		}
		for _, next := range g[path].Imports {
			if _, seen := before[next]; !seen {
				before[next] = path
				queue = append(queue, next)
			}
		}
	}
	return nil
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range load(t).own() {
		if p.Doc == "" {
			t.Errorf("%s has no package comment: say what it owns and what it never does", p.path())
		}
	}
}
