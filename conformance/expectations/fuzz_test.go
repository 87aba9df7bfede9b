package expectations_test

import (
	"errors"
	"testing"

	"github.com/kazoolab/kazoolab/conformance/expectations"
)

// Whatever a file holds, it is refused, or what becomes of it can be read again and says of
// each requirement what was seen.
func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("known-failing:\n-\n  id: WH-RETRY-001\n  reason: r\n- # why\n  id: WH-ENC-012\n  reason: |\n    two\n    lines\n"))
	f.Add([]byte("known-failing: []\nknown-flaky:\r\n  - {id: WS-CMD-001,\r\n     reason: 'it''s'}\r\n"))
	f.Add([]byte("{known-failing: []}\n"))
	f.Add([]byte("known-failing: &a\n- &b {id: WH-ENC-012, reason: r}\nknown-flaky: *a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := expectations.Parse("x.yaml", data, ids())
		if err != nil {
			return
		}
		seen := []expectations.Seen{{ID: "WH-RETRY-001"}, {ID: "WH-RETRY-002", Failed: true, What: "w"}, {ID: "WH-ENC-012", Failed: true, What: "\x00\"\xff"}, {ID: "WS-CMD-001"}}
		text, err := file.Update(seen, "talk")
		if errors.Is(err, expectations.ErrForm) {
			return
		}
		again, err := expectations.Parse("x.yaml", text, ids())
		if err != nil {
			t.Fatalf("%q became %q: %v", data, text, err)
		}
		for _, s := range seen {
			if line, found := again.Find(s.ID, "talk"); (found && !line.Flaky) != s.Failed && !(found && line.Flaky) {
				t.Errorf("%q became %q, which says of %s: %v", data, text, s.ID, found)
			}
		}
	})
}
