package program_test

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// recorded is the log of a lab that was certified.
func recorded(t *testing.T) string {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "conformance", "testdata", "certified-5.0.ndjson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	packed, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What the first line of a log says is not believed: nobody is certified in a dialect that there is
// not, nor by what this program cannot judge.
func TestALogThatCannotBeJudgedIsNoCertificate(t *testing.T) {
	t.Parallel()
	text := recorded(t)
	for name, c := range map[string]struct {
		was, becomes string
		code         int
		says         string
	}{
		"as it is":            {`"dialect":"5.0"`, `"dialect":"5.0"`, 0, ""},
		"an unknown dialect":  {`"dialect":"5.0"`, `"dialect":"7"`, 2, `no such dialect: "7"`},
		"no dialect":          {`"dialect":"5.0"`, `"dialect":""`, 2, `no such dialect: ""`},
		"of an unknown group": {`"groups":[`, `"groups":["made/up",`, 5, "made/up"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			log := filepath.Join(t.TempDir(), "log.ndjson")
			g.Expect(text).To(ContainSubstring(c.was))
			g.Expect(os.WriteFile(log, []byte(strings.Replace(text, c.was, c.becomes, 1)), 0o600)).To(Succeed())
			p := command(t, "certify", "--from", log, "--run", "rest/*")
			g.Expect(code(p.Run())).To(Equal(c.code), p.stderr.String())
			g.Expect(p.stderr.String()).To(ContainSubstring(c.says))
		})
	}
}
