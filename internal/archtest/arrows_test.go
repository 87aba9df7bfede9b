package archtest_test

import (
	"slices"
	"strings"
	"testing"
)

// arrow forbids one direction of import, however long the way.
type arrow struct {
	from   []string // folders, with all beneath them
	except []string // of from
	never  []string // folders of the module, or import paths of others
	but    []string // of never
	tests  bool     // holds for what tests import directly, too
	why    string
}

// The arrows point one way:
//
//	cmd -> internal/cli -> {bridge, simulator, conformance} -> {fixtures, bridge/kapi, internal/...}
func arrows() []arrow {
	return []arrow{
		{
			from:  []string{"bridge"},
			never: []string{"simulator", "conformance"},
			tests: true,
			why:   "the bridge runs beside a real switch, and does not know its judge",
		},
		{
			from:  []string{"simulator"},
			never: []string{"bridge", "conformance"},
			but:   []string{"bridge/kapi", "bridge/fidelity"},
			tests: true,
			why:   "the simulator stands around any bridge",
		},
		{
			from:   []string{"conformance"},
			except: []string{"conformance/examples"}, // whole programs, as users write them
			never:  []string{"bridge", "simulator", "internal/bus"},
			but:    []string{"bridge/kapi"},
			tests:  true,
			why:    "the suite judges a system that it knows only by its wire",
		},
		{
			from:  []string{"fixtures"},
			never: []string{"bridge", "simulator", "conformance", "internal/bus"},
			but:   []string{"bridge/kapi"},
			tests: true,
			why:   "fixtures are data that every part can use",
		},
		{
			from:  []string{"bridge/kapi"},
			never: []string{"."},
			but:   []string{"bridge/kapi"},
			why:   "the vocabulary is a leaf",
		},
		{
			from:   []string{"bridge", "simulator", "conformance", "fixtures"},
			except: []string{"conformance/examples"},
			never:  []string{"internal/cli", "internal/config"},
			why:    "libraries take no flags and read no environment",
		},
		{
			from: []string{"internal"},
			// These put the parts together: the program, and what measures or tests it whole;
			// and brokertest gives tests the broker that the program has built in.
			except: []string{
				"internal/cli", "internal/bench", "internal/brokertest", "internal/chaos", "internal/lab", "internal/mutate", "internal/realtest",
				"internal/stack", "internal/steady", "internal/wiretest",
			},
			never: []string{"bridge", "simulator", "conformance"},
			but:   []string{"bridge/kapi", "bridge/fidelity"},
			tests: true,
			why:   "the parts stand on internal, not the other way round",
		},
		{
			from: []string{"cmd"},
			never: []string{
				"internal/archtest", "internal/bench", "internal/brokertest", "internal/browsertest", "internal/chaos", "internal/daemon", "internal/hostile",
				"internal/lab",
				"internal/mutate", "internal/postgres", "internal/postgrestest", "internal/rabbitmq", "internal/realtest", "internal/stack", "internal/steady",
				"internal/vectortest", "internal/wiretest",
				"bridge/store/storetest",
				"github.com/onsi/gomega", "github.com/Shopify/toxiproxy", "pgregory.net/rapid",
			},
			why: "the program carries no test code",
		},
	}
}

// under reports whether path is one of the folders or beneath one. A folder "."
// is the module; a folder of another module is an import path.
func under(path string, folders []string) bool {
	for _, folder := range folders {
		full := module + "/" + folder
		switch {
		case folder == ".":
			full = module
		case !isTop(folder):
			full = folder
		}
		if path == full || strings.HasPrefix(path, full+"/") {
			return true
		}
	}
	return false
}

// isTop reports whether a folder's first name stands at the top of the module.
func isTop(folder string) bool {
	first, _, _ := strings.Cut(folder, "/")
	return slices.Contains(topFolders(), first)
}

func TestArrows(t *testing.T) {
	packages := load(t)
	for _, p := range packages.own() {
		for _, a := range arrows() {
			if !under(p.ImportPath, a.from) || under(p.ImportPath, a.except) {
				continue
			}
			bad := func(path string) bool {
				return path != p.ImportPath && under(path, a.never) && !under(path, a.but)
			}
			if way := packages.chain([]string{p.ImportPath}, bad); way != nil {
				t.Errorf("%s\n\timports %s:\n\t%s", p.path(), route(way[1:]), a.why)
			}
			if !a.tests {
				continue
			}
			for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
				if bad(path) {
					t.Errorf("a test of %s\n\timports %s:\n\t%s", p.path(), relative(path), a.why)
				}
			}
		}
	}
}

func route(way []string) string {
	names := make([]string, len(way))
	for i, path := range way {
		names[i] = relative(path)
	}
	return strings.Join(names, ", which imports ")
}

func TestTheProgramIsOnlyTheCLI(t *testing.T) {
	for _, p := range load(t).own() {
		if !under(p.ImportPath, []string{"cmd"}) {
			continue
		}
		for _, path := range p.Imports {
			// suite is what additions to certify are made of, by whoever has a main of their own.
			if strings.HasPrefix(path, module+"/") && !under(path, []string{"internal/cli", "cmd/program", "conformance/suite"}) {
				t.Errorf("%s imports %s: a program is a context, internal/cli, additions to its suite, and an exit code", p.path(), relative(path))
			}
		}
	}
}

// The vocabulary computes; whoever uses it talks to the world.
func TestTheVocabularyIsPure(t *testing.T) {
	world := []string{"net", "os", "database/sql", "log", "github.com/rabbitmq", "github.com/gorilla"}
	for _, p := range load(t).own() {
		if !under(p.ImportPath, []string{"bridge/kapi"}) {
			continue
		}
		for _, path := range p.Imports {
			if under(path, world) {
				t.Errorf("%s imports %s", p.path(), path)
			}
		}
	}
}

// The guards themselves: a rule that finds nothing is no rule.
func TestChainFindsWhatIsReachedIndirectly(t *testing.T) {
	packages := graph{
		module + "/bridge":       {Imports: []string{"fmt", module + "/internal/bus"}},
		module + "/internal/bus": {Imports: []string{module + "/simulator/pbx"}},
		module + "/bridge/kapi":  {Imports: []string{"fmt"}},
	}
	bad := func(path string) bool { return under(path, []string{"simulator"}) }
	way := packages.chain([]string{module + "/bridge"}, bad)
	if got, want := route(way), "bridge, which imports internal/bus, which imports simulator/pbx"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if way := packages.chain([]string{module + "/bridge/kapi"}, bad); way != nil {
		t.Errorf("found %v", way)
	}
}

func TestUnder(t *testing.T) {
	for _, c := range []struct {
		path   string
		folder string
		want   bool
	}{
		{module + "/bridge", "bridge", true},
		{module + "/bridge/kapi", "bridge", true},
		{module + "/bridgehead", "bridge", false},
		{module, ".", true},
		{module + "/cmd/kazoolab", ".", true},
		{"net/http", ".", false},
		{"net/http", "net", true},
		{"network", "net", false},
	} {
		if got := under(c.path, []string{c.folder}); got != c.want {
			t.Errorf("under(%q, %q) = %v", c.path, c.folder, got)
		}
	}
}
