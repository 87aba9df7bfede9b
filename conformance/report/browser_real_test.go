//go:build real

package report_test

import (
	"context"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/report"
	"github.com/kazoolab/kazoolab/conformance/results"
	"github.com/kazoolab/kazoolab/internal/browsertest"
)

// page is a report in a browser that has no network.
type page struct {
	t       *testing.T
	ctx     context.Context //nolint:containedctx // how chromedp names a tab
	console iter.Seq2[chromedp.ConsoleMessage, error]
}

// scheme is what chromium calls a preference for dark or light.
type scheme string

const (
	dark  scheme = "preferredColorScheme=0"
	light scheme = "preferredColorScheme=1"
)

func open(t *testing.T, r *results.Results, s scheme) *page {
	t.Helper()
	g := NewWithT(t)
	paths, err := report.Write(t.TempDir(), r)
	g.Expect(err).NotTo(HaveOccurred())
	p := &page{t: t}
	// Every way out leads to a closed door.
	p.ctx = browsertest.Tab(t, chromedp.ProxyServer("127.0.0.1:1"), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"), chromedp.Flag("blink-settings", string(s)))
	p.console = chromedp.Console(p.ctx)
	file := url.URL{Scheme: "file", Path: paths[2]}
	p.do(
		chromedp.EmulateViewport(1280, 900),
		chromedp.Navigate(file.String()), chromedp.WaitReady(chromedp.CSS("#shown")))
	return p
}

func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

func evaluate[T any](p *page, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatal(err)
	}
	return value
}

// picture keeps what is to be seen, where go test says.
func (p *page) picture(name string) {
	p.t.Helper()
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	g := NewWithT(p.t)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.WriteFile(filepath.Join(p.t.ArtifactDir(), name+".png"), picture, 0o600)).To(Succeed())
}

// rows are the ids of the requirements that are to be seen in the table.
func (p *page) rows() []string {
	p.t.Helper()
	return evaluate[[]string](p, `[...document.querySelectorAll("tr[data-id]")].filter((e) => e.offsetParent !== null).map((e) => e.dataset.id)`)
}

// reds are those that are told of at length.
func (p *page) reds() []string {
	p.t.Helper()
	return evaluate[[]string](p, `[...document.querySelectorAll("article")].filter((e) => e.offsetParent !== null).map((e) => e.id.slice(4))`)
}

func (p *page) text(selector string) string {
	p.t.Helper()
	return evaluate[string](p, `document.querySelector(`+"`"+selector+"`"+`).innerText`)
}

// marked is what is marked on a side of a requirement's first finding.
func (p *page) marked(id, side string) []string {
	p.t.Helper()
	return evaluate[[]string](p, "[...document.querySelector(`#red-"+id+" .finding ."+side+"`).querySelectorAll('mark')].map((m) => m.textContent)")
}

// search types into the field for it.
func (p *page) search(words string) {
	p.t.Helper()
	evaluate[string](p, `document.getElementById("search").value = ""`)
	p.do(chromedp.SendKeys(chromedp.CSS("#search"), words))
}

func (p *page) choose(id, value string) {
	p.t.Helper()
	p.do(chromedp.SetValue(chromedp.CSS("#"+id), value))
	evaluate[bool](p, `document.getElementById("`+id+`").dispatchEvent(new Event("input", {bubbles: true}))`)
}

// quiet wants that nothing was loaded, nothing hostile acted, and the browser had nothing to say.
func (p *page) quiet() {
	p.t.Helper()
	g := NewWithT(p.t)
	g.Expect(evaluate[int](p, `performance.getEntriesByType("resource").length`)).To(BeZero())
	g.Expect(evaluate[string](p, `typeof window.hacked`)).To(Equal("undefined"))
	evaluate[bool](p, `console.log("the end") === undefined`)
	for message, err := range p.console {
		g.Expect(err).NotTo(HaveOccurred())
		if message.Text == "the end" {
			return
		}
		p.t.Errorf("the console says %s: %s", message.Type, message.Text)
	}
}

func TestTheReportOfACertifiedTargetInABrowser(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := open(t, certified(t), light)
	p.picture("certified")
	g.Expect(p.text("h1")).To(Equal("CERTIFIED"))
	g.Expect(p.rows()).To(HaveLen(5))
	g.Expect(p.reds()).To(BeEmpty())
	g.Expect(p.text("#shown")).To(Equal("5 of 5 shown"))
	p.search("null sent")
	g.Expect(p.rows()).To(Equal([]string{"WH-ENC-002"}))
	p.quiet()
}

func TestTheReportOfAFailingTargetInABrowser(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := open(t, failing(t), light)
	p.picture("failing")
	g.Expect(p.text("h1")).To(Equal("NOT CERTIFIED: THIS PROGRAM FAILED"))
	g.Expect(p.reds()).To(HaveLen(7))

	// What differs is marked, on both sides, and in sight.
	g.Expect(p.marked("WH-ENC-001", "expected")).To(Equal([]string{"+"}))
	g.Expect(p.marked("WH-ENC-001", "actual")).To(Equal([]string{"%20"}))
	g.Expect(p.text("#red-WH-ENC-001 .first")).To(Equal("differs at byte 6: expected 2b '+', actual 25 '%'"))
	g.Expect(p.marked("WH-ENC-003", "actual")).To(Equal([]string{"00", ".", "0a", "."}), "in hexadecimal and as letters")
	g.Expect(evaluate[bool](p, `getComputedStyle(document.querySelector("#red-WH-ENC-001 .actual mark")).backgroundColor !== getComputedStyle(document.querySelector("#red-WH-ENC-001 .actual pre")).backgroundColor`)).To(BeTrue())
	g.Expect(p.text("#red-WH-ENC-002 .expected pre")).To(ContainSubstring("characters the same"))
	for _, id := range []string{"WH-ENC-002", "WH-ENC-003", "WH-ENC-005", "WH-ENC-006"} {
		evaluate[bool](p, `document.getElementById("red-`+id+`").scrollIntoView() === undefined`)
		p.picture("failing-" + id)
	}

	// Search and filters, alone and together.
	p.search("%20b")
	g.Expect(p.reds()).To(Equal([]string{"WH-ENC-001", "WH-ENC-002"}), "the wire is searched, too")
	p.do(chromedp.SendKeys(chromedp.CSS("#search"), "\x1b"))
	g.Expect(p.rows()).To(HaveLen(9), "Escape takes the search back")
	p.choose("level", "SHOULD")
	g.Expect(p.rows()).To(Equal([]string{"WH-ENC-004", "WH-ENC-005", "WS-LOGIN-001"}))
	p.choose("area", "WH")
	g.Expect(p.rows()).To(Equal([]string{"WH-ENC-004", "WH-ENC-005"}))
	p.do(chromedp.Click(chromedp.CSS(`input[value="fail"]`)))
	g.Expect(p.rows()).To(Equal([]string{"WH-ENC-004"}))
	g.Expect(p.reds()).To(Equal([]string{"WH-ENC-004"}))
	p.search("no such words")
	g.Expect(p.rows()).To(BeEmpty())
	g.Expect(p.text("#none")).To(Equal("Nothing is like that."))
	p.picture("nothing")

	// A link into what is folded or filtered away brings it into sight.
	evaluate[string](p, `location.hash = "#log-7"`)
	g.Eventually(t.Context(), func() bool {
		return evaluate[bool](p, `document.getElementById("log-7").offsetParent !== null`)
	}).WithTimeout(time.Minute).Should(BeTrue())
	evaluate[string](p, `location.hash = "#red-WH-ENC-003"`)
	g.Eventually(t.Context(), p.reds).WithTimeout(time.Minute).Should(HaveLen(7))
	evaluate[string](p, `location.hash = "#log-5"`)
	p.picture("wire")
	p.quiet()
}

func TestTheReportByKeyboardAndInTheDark(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := open(t, failing(t), dark)
	p.picture("dark")
	// A key of a keyboard types nothing when the page takes it; one of chromedp types in any case.
	evaluate[bool](p, `document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "/", bubbles: true, cancelable: true}))`)
	g.Expect(evaluate[string](p, `document.activeElement.id`)).To(Equal("search"))
	p.do(chromedp.KeyEvent("megabyte"))
	g.Expect(p.reds()).To(Equal([]string{"WH-ENC-006"}))
	p.do(chromedp.KeyEvent("\t"), chromedp.KeyEvent(" "))
	g.Expect(evaluate[string](p, `document.activeElement.name`)).To(Equal("outcome"))
	g.Expect(evaluate[bool](p, `document.activeElement.checked`)).To(BeFalse())
	p.quiet()
	// Every field has a name for those who do not see it.
	g.Expect(evaluate[int](p, `[...document.querySelectorAll("input, select")].filter((e) => e.labels.length === 0).length`)).To(BeZero())
}
