package cli_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/cli"
)

// block is a fenced block of a page: sh is commands, text what they print, and a language with a
// name a file.
type block struct {
	line       int
	kind, file string
	text       string
}

func blocks(t *testing.T, page string) (all []block) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var now *block
	for i, line := range strings.Split(string(text), "\n") {
		fence, fenced := strings.CutPrefix(line, "```")
		switch {
		case fenced && now == nil:
			kind, file, _ := strings.Cut(fence, " ")
			now = &block{line: i + 1, kind: kind, file: file}
		case fenced:
			all, now = append(all, *now), nil
		case now != nil:
			now.text += line + "\n"
		}
	}
	return all
}

// The tutorial of docs/pivot.md is carried out: its files are written, its commands are run, and
// they print what the page says.
func TestTheTutorialOfPivotIsTrue(t *testing.T) {
	all := blocks(t, "../../docs/pivot.md")
	t.Chdir(t.TempDir())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	printed, files, commands := "", 0, 0
	for _, b := range all {
		text := strings.ReplaceAll(b.text, "127.0.0.1:8090", address)
		switch {
		case b.file != "":
			files++
			if err := os.WriteFile(b.file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		case b.kind == "sh":
			printed = ""
			for line := range strings.Lines(text) {
				commands++
				printed += command(t, b.line, strings.TrimSpace(line), address)
			}
		case b.kind == "text":
			printed = follows(t, b, text, printed)
		}
	}
	if files < 15 || commands < 9 {
		t.Errorf("the page has %d files and %d commands", files, commands)
	}
}

// follows checks that the lines of a block are printed, one after the other.
func follows(t *testing.T, b block, text, printed string) string {
	t.Helper()
	rest := squeezed(printed)
	for line := range strings.Lines(text) {
		want := squeezed(line)
		i := strings.Index(rest, want)
		if i < 0 {
			t.Fatalf("line %d of the page: %q is not printed; left is\n%s\nof\n%s", b.line, want, rest, printed)
		}
		rest = rest[i+len(want):]
	}
	return printed
}

// squeezed has one blank where there are several.
func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

// command carries out a command of the page, and returns what it prints.
func command(t *testing.T, at int, line, address string) string {
	t.Helper()
	line, code, _ := strings.Cut(line, "# exit code ")
	words := strings.Fields(line)
	switch {
	case len(words) > 1 && words[0] == "kazoolab":
		p := run(t, words[1:]...)
		want := cli.ExitOK
		if code == "1" {
			want = cli.ExitFailed
		}
		if got := p.wait(); got != want {
			t.Fatalf("line %d of the page: %q ends with %d, not %d\n%s%s", at, line, got, want, &p.stdout, &p.stderr)
		}
		return p.stdout.String() + p.stderr.String()
	case words[0] == "go" && words[len(words)-1] == "&":
		serve(t, address)
		return ""
	}
	out, err := goCommand(t.Context(), words[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("line %d of the page: %q: %v\n%s", at, line, err, out)
	}
	return string(out)
}

func goCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	return cmd
}

// serve builds the app in this folder, and has it run until the test ends.
func serve(t *testing.T, address string) {
	t.Helper()
	g := NewWithT(t)
	binary := filepath.Join(t.TempDir(), "app")
	if out, err := goCommand(t.Context(), "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	app := exec.CommandContext(t.Context(), binary)
	g.Expect(app.Start()).To(Succeed())
	t.Cleanup(func() {
		_ = app.Process.Kill() // it may have ended
		_ = app.Wait()         // it was killed
	})
	g.Eventually(func() error {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/", nil)
		if err != nil {
			return err
		}
		answer, err := (&http.Client{}).Do(request)
		if err != nil {
			return err
		}
		return answer.Body.Close()
	}, 20*time.Second).WithContext(t.Context()).Should(Succeed())
}
