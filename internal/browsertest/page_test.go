//go:build real

package browsertest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/kazoolab/kazoolab/internal/browsertest"
)

// page is the one of docs/browser, opened in a browser.
type page struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // how chromedp names a tab
}

func open(t *testing.T) *page {
	t.Helper()
	files := httptest.NewServer(http.FileServer(http.Dir("../../docs/browser")))
	t.Cleanup(files.Close)
	p := &page{t, browsertest.Tab(t)}
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
