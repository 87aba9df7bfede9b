package browsertest

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
)

// browserVariable names a browser that is none of those that are looked for.
const browserVariable = "KAZOOLAB_TEST_BROWSER"

// program is that of a Chromium or Chrome.
func program(t *testing.T) string {
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

// Tab begins a browser, which ends with the test, and returns its tab as chromedp has it.
// The test fails when there is no browser.
func Tab(t *testing.T, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program(t)),
		chromedp.NoSandbox, // which root's cannot have
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoFirstRun,
	)
	ctx, end := chromedp.NewExecAllocator(t.Context(), append(options, more...)...)
	t.Cleanup(end)
	tab, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		_ = chromedp.Cancel(tab) // waits for the browser's end, so that its folder can go
		closeTab()
	})
	return tab
}
