//go:build real

package browsertest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
)

// browserVariable names a browser that is none of those that are looked for.
const browserVariable = "KAZOOLAB_TEST_BROWSER"

// browser is the program of a Chromium or Chrome.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv(browserVariable), "chromium", "chromium-browser", "google-chrome"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("there is no browser: run `make test-real`, which installs Chromium, or set %s", browserVariable)
	return ""
}

// page is the one of docs/browser, opened in a browser.
type page struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // how chromedp names a tab
}

func open(t *testing.T) *page {
	t.Helper()
	files := httptest.NewServer(http.FileServer(http.Dir("../../docs/browser")))
	t.Cleanup(files.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser(t)),
		chromedp.NoSandbox, // which root's cannot have
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoFirstRun,
	)
	ctx, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	tab, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		_ = chromedp.Cancel(tab) // waits for the browser's end, so that its folder can go
		closeTab()
	})
	p := &page{t, tab}
	p.do(chromedp.Navigate(files.URL+"/index.html"), chromedp.WaitReady(chromedp.CSS("#connect")))
	return p
}

func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// fill sets a field of the form.
func (p *page) fill(id, text string) {
	p.t.Helper()
	p.do(chromedp.SetValue(chromedp.CSS("#"+id), text))
}

func (p *page) text(id string) string {
	p.t.Helper()
	return evaluate[string](p, `document.getElementById("`+id+`").textContent`)
}

// evaluate is the value of an expression of JavaScript.
func evaluate[T any](p *page, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatal(err)
	}
	return value
}

// row is a line of the page's table.
type row struct{ Binding, Name, About string }

// rows are what the page shows, the first that came first.
func (p *page) rows() []row {
	p.t.Helper()
	cells := evaluate[[][]string](p,
		`[...document.getElementById("events").rows].reverse().map((row) => [...row.cells].slice(1).map((cell) => cell.textContent))`)
	rows := make([]row, len(cells))
	for i, c := range cells {
		rows[i] = row{c[0], c[1], c[2]}
	}
	return rows
}

func (p *page) click(id string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS("#" + id)))
}
