package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/internal/cli"
)

func TestQuirksAreListed(t *testing.T) {
	t.Parallel()
	all := run(t, "quirks").expect(cli.ExitOK).stdout.String()
	if got := strings.Count(all, "\n"); got != len(fidelity.Quirks()) {
		t.Errorf("%d lines for %d quirks", got, len(fidelity.Quirks()))
	}
	never := run(t, "quirks", "--class", "never").expect(cli.ExitOK).stdout.String()
	if !strings.Contains(never, "\nhook-scope ") || strings.Contains(never, "\nraw-keys ") {
		t.Errorf("of the class never are listed: %s", never)
	}
	var quirks []fidelity.Quirk
	if err := json.Unmarshal([]byte(run(t, "quirks", "--class", "keep", "-o", "json").stdout.String()), &quirks); err != nil {
		t.Fatal(err)
	}
	for _, q := range quirks {
		if known, ok := fidelity.Find(q.ID); !ok || known != q || q.Class != fidelity.Keep {
			t.Errorf("printed %+v", q)
		}
	}
}

func TestAQuirkIsShownInFull(t *testing.T) {
	t.Parallel()
	text := run(t, "quirks", "double-question").expect(cli.ExitOK).stdout.String()
	for _, part := range []string{"class      keep", "kazoo      /p?a=1?", "corrected  /p?a=1&", "webhooks_util:do_fire/3"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing from %s", part, text)
		}
	}
	var q fidelity.Quirk
	if err := json.Unmarshal([]byte(run(t, "quirks", "null-crash", "-o", "json").stdout.String()), &q); err != nil || q.Class != fidelity.Never {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestThePageOfQuirksIsTheCatalogue(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "quirks.md"))
	if err != nil {
		t.Fatal(err)
	}
	if run(t, "quirks", "-o", "markdown").expect(cli.ExitOK).stdout.String() != string(page) {
		t.Error("docs/quirks.md is older than the catalogue: bin/kazoolab quirks -o markdown > docs/quirks.md")
	}
}
