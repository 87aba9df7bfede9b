// Package vectortest reads the answers recorded from the running reference and
// counts how the product compares with them. It owns no comparison of its own:
// each test says what agreement means for its kind of record.
package vectortest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Record is one line of a file of recorded answers.
type Record struct {
	Line int
	Raw  []byte
	jobj.Object
}

// RawMember is the text of one member of the record, exactly as recorded; nil
// when the record lacks it.
func (r Record) RawMember(key string) json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(r.Raw, &members) != nil {
		return nil
	}
	return members[key]
}

// Read returns the records of file name (querystring, retries …) in the folder
// named by KAZOOLAB_VECTORS, or in the repository's fixtures. A record with a
// member that is not in known fails the test: nothing recorded is passed over.
func Read(t testing.TB, name string, known ...string) []Record {
	t.Helper()
	f, err := os.Open(filepath.Join(folder(t), name+".jsonl"))
	if err != nil {
		t.Fatalf("recorded answers: %v", err)
	}
	defer func() { _ = f.Close() }()
	var records []Record
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for n := 1; lines.Scan(); n++ {
		raw := bytes.Clone(lines.Bytes())
		if len(bytes.TrimSpace(raw)) == 0 {
			continue
		}
		obj, err := jobj.ParseObject(raw)
		if err != nil {
			t.Fatalf("%s.jsonl:%d: %v", name, n, err)
		}
		for _, m := range obj {
			if !slices.Contains(known, m.Key) {
				t.Errorf("%s.jsonl:%d: member %q is not compared by this test", name, n, m.Key)
			}
		}
		records = append(records, Record{Line: n, Raw: raw, Object: obj})
	}
	if err := lines.Err(); err != nil {
		t.Fatalf("%s.jsonl: %v", name, err)
	}
	return records
}

func folder(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("KAZOOLAB_VECTORS"); dir != "" {
		return dir
	}
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("cannot find the repository: set KAZOOLAB_VECTORS to the folder of recorded answers")
	}
	return filepath.Join(filepath.Dir(here), "..", "..", "fixtures", "vectors")
}

// Tally counts verdicts over one file. Not safe for concurrent use.
type Tally struct {
	t        testing.TB
	name     string
	agree    int
	disagree int
	differ   map[string]int
	left     map[string]int
}

// NewTally starts counting for file name; when the test ends the count is
// printed as one line.
func NewTally(t testing.TB, name string) *Tally {
	t.Helper()
	tally := &Tally{t: t, name: name, differ: map[string]int{}, left: map[string]int{}}
	t.Cleanup(func() { fmt.Fprintln(os.Stdout, tally) })
	return tally
}

// Agree counts a record whose every compared member is equal.
func (c *Tally) Agree() { c.agree++ }

// Differ counts a record that is unequal for the one reason that the catalogue's
// quirk id names. An id that the catalogue lacks excuses nothing: the test fails.
func (c *Tally) Differ(id string) {
	c.t.Helper()
	if _, ok := fidelity.Find(id); !ok {
		c.t.Errorf("%s.jsonl: the catalogue of quirks has no %q", c.name, id)
	}
	c.differ[id]++
}

// Left counts a record that belongs to a part not built yet.
func (c *Tally) Left(area string) { c.left[area]++ }

// Disagree counts a record that is unequal without excuse, and fails the test.
func (c *Tally) Disagree(r Record, format string, args ...any) {
	c.t.Helper()
	c.disagree++
	c.t.Errorf("%s.jsonl:%d: %s", c.name, r.Line, fmt.Sprintf(format, args...))
}

// String is the line of figures: they add up to the records of the file.
func (c *Tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.jsonl: %d agree", c.name, c.agree)
	for _, id := range sortedKeys(c.differ) {
		fmt.Fprintf(&b, ", %d differ by %s", c.differ[id], id)
	}
	fmt.Fprintf(&b, ", %d disagree", c.disagree)
	for _, area := range sortedKeys(c.left) {
		fmt.Fprintf(&b, ", %d left to later (%s)", c.left[area], area)
	}
	return b.String()
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
