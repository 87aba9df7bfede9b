package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/net/html"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/report"
	"github.com/kazoolab/kazoolab/conformance/results"
)

var update = flag.Bool("update", false, "write the golden files anew") //nolint:gochecknoglobals // a flag of go test

type printer func(io.Writer, *results.Results) error

func printed(t *testing.T, to printer, r *results.Results) string {
	t.Helper()
	var text bytes.Buffer
	NewWithT(t).Expect(to(&text, r)).To(Succeed())
	return text.String()
}

func plain(w io.Writer, r *results.Results) error { return report.Text(w, r, report.TextOptions{}) }

func TestReportsAreAsTheyWere(t *testing.T) {
	t.Parallel()
	for name, to := range map[string]printer{"summary.md": report.Summary, "junit.xml": report.JUnit, "terminal.txt": plain} {
		for run, r := range map[string]*results.Results{"certified": certified(t), "failing": failing(t)} {
			t.Run(run+" "+name, func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				got := printed(t, to, r)
				path := filepath.Join("testdata", run+"-"+name)
				if *update {
					g.Expect(os.WriteFile(path, []byte(got), 0o600)).To(Succeed())
				}
				want, err := os.ReadFile(path)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(got).To(Equal(string(want)), "run go test with -update, and look at the difference")
			})
		}
	}
}

func TestJSONIsAsItsSchemaSays(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.Schema()))
	g.Expect(err).NotTo(HaveOccurred())
	compiler := jsonschema.NewCompiler()
	g.Expect(compiler.AddResource("results.json", document)).To(Succeed())
	schema, err := compiler.Compile("results.json")
	g.Expect(err).NotTo(HaveOccurred())
	interrupted, err := results.Build(nil, capture.File{Facts: capture.Facts{Dialect: "talk"}}, results.Options{Mode: results.FromLog, Interrupted: true})
	g.Expect(err).NotTo(HaveOccurred())
	for _, r := range []*results.Results{certified(t), failing(t), interrupted} {
		text := printed(t, report.JSON, r)
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(schema.Validate(value)).To(Succeed())
		// The schema knows no more and no less: a member that it does not know is refused.
		members, is := value.(map[string]any)
		g.Expect(is).To(BeTrue())
		members["unknown"] = 1
		g.Expect(schema.Validate(value)).NotTo(Succeed())
	}
}

// Every member that the schema tells of is somewhere in the results of a run with all that can be.
func TestTheSchemaTellsOfNothingThatIsNotThere(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var schema any
	g.Expect(json.Unmarshal(report.Schema(), &schema)).To(Succeed())
	text := printed(t, report.JSON, failing(t))
	var look func(any)
	look = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, member := range v {
				look(member)
			}
		case map[string]any:
			if properties, is := v["properties"].(map[string]any); is {
				for name := range properties {
					if name != "wire_left_out" && name != "sockets" { // a log of 400 entries; a target with sockets
						g.Expect(text).To(ContainSubstring(`"` + name + `": `))
					}
				}
			}
			for _, member := range v {
				look(member)
			}
		}
	}
	look(schema)
}

func TestNothingHostileActs(t *testing.T) {
	t.Parallel()
	r := failing(t)
	t.Run("on a terminal", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		text := printed(t, func(w io.Writer, r *results.Results) error {
			return report.Text(w, r, report.TextOptions{Colour: true, All: true})
		}, r)
		g.Expect(text).NotTo(ContainSubstring("\x1b[31mred"))
		g.Expect(text).NotTo(ContainSubstring("\x1b]0"))
		g.Expect(text).NotTo(ContainSubstring("\u202e"))
		g.Expect(strings.ReplaceAll(text, "\n", "")).NotTo(MatchRegexp(`[\x00-\x1a\x1c-\x1f\x7f]`))
	})
	t.Run("in XML", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		dec := xml.NewDecoder(strings.NewReader(printed(t, report.JUnit, r)))
		var cases int
		for {
			token, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			g.Expect(err).NotTo(HaveOccurred())
			if start, is := token.(xml.StartElement); is {
				g.Expect(start.Name.Local).To(BeElementOf("testsuites", "testsuite", "properties", "property", "testcase", "failure", "error", "skipped"))
				if start.Name.Local == "testcase" {
					cases++
				}
			}
		}
		g.Expect(cases).To(Equal(r.Totals.Planned+len(r.Stale)+len(r.Faults)), "a case for each requirement, stale line and fault")
	})
	t.Run("in HTML", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		page := printed(t, report.HTML, r)
		root, err := html.Parse(strings.NewReader(page))
		g.Expect(err).NotTo(HaveOccurred())
		count := map[string]int{}
		for n := range root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			count[n.Data]++
			for _, a := range n.Attr {
				g.Expect(a.Key).NotTo(HavePrefix("on"), "%v", n)
				g.Expect(a.Key).NotTo(Equal("src"), "%v", n)
				if a.Key == "href" {
					g.Expect(a.Val).To(Or(HavePrefix("#"), Equal("https://example.com/17"), Equal("data:,")), "nothing is loaded")
				}
			}
		}
		g.Expect(count["script"]).To(Equal(1))
		g.Expect(count["style"]).To(Equal(1))
		g.Expect(count["img"]).To(BeZero())
	})
	t.Run("in Markdown", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		inside, fence := false, ""
		for line := range strings.Lines(printed(t, report.Summary, r)) {
			line = strings.TrimSuffix(line, "\n")
			switch ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]; {
			case !inside && len(ticks) >= 3:
				inside, fence = true, ticks
			case inside && line == fence:
				inside = false
			case !inside:
				g.Expect(line).NotTo(ContainSubstring("<script"))
			}
		}
		g.Expect(inside).To(BeFalse(), "no block is open at the end")
	})
}

func TestAPageIsSmall(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(len(printed(t, report.HTML, certified(t)))).To(BeNumerically("<", 30<<10))
	g.Expect(len(printed(t, report.HTML, failing(t)))).To(BeNumerically("<", 150<<10), "bodies of a megabyte are cut")
	g.Expect(len(printed(t, report.JSON, failing(t)))).To(BeNumerically("<", 150<<10))
}

func TestAllFilesAreWritten(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	dir := filepath.Join(t.TempDir(), "new", "folder")
	for range 2 { // over what is there, too
		paths, err := report.Write(dir, failing(t))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(paths).To(HaveExactElements(
			filepath.Join(dir, "results.json"), filepath.Join(dir, "junit.xml"), filepath.Join(dir, "report.html"), filepath.Join(dir, "summary.md")))
	}
	files, err := os.ReadDir(dir)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(files).To(HaveLen(4), "nothing is left beside them")
}

func TestAFolderThatCannotBeMadeIsAnError(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "file")
	g.Expect(os.WriteFile(file, nil, 0o600)).To(Succeed())
	_, err := report.Write(file, certified(t))
	g.Expect(err).To(MatchError(ContainSubstring("file")))
}

func TestProgress(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var pipe, terminal bytes.Buffer
	for _, l := range []*report.Live{
		report.NewLive(&pipe, report.LiveOptions{}), report.NewLive(&terminal, report.LiveOptions{Terminal: true}),
	} {
		l.Group("webhooks/retry", capture.Done, "", 1, 2)
		l.Group("sockets/login", capture.Broken, "no \x1b socket", 2, 2)
		l.Done()
		l.Done()
	}
	g.Expect(pipe.String()).To(Equal("broken sockets/login: no ⟨1b⟩ socket\n"))
	g.Expect(terminal.String()).To(Equal("1/2 groups  webhooks/retry\r\x1b[Kbroken sockets/login: no ⟨1b⟩ socket\n2/2 groups  sockets/login\r\x1b[K"))
}
