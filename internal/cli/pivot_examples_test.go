package cli_test

import (
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/cli"
)

const pivotExamples = "../../simulator/pivot/examples"

func TestThePivotExamplesInGoDoWhatTheirCallersExpect(t *testing.T) {
	t.Parallel()
	for name, format := range map[string]string{"go": "twiml", "json": "kazoo"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			binary := filepath.Join(t.TempDir(), "app")
			out, err := goCommand(t.Context(), "build", "-o", binary, pivotExamples+"/"+name).CombinedOutput()
			NewWithT(t).Expect(err).NotTo(HaveOccurred(), "%s", out)
			address := freeAddress(t)
			example(t, address, exec.CommandContext(t.Context(), binary))
			callExample(t, "http://"+address+"/start."+map[string]string{"twiml": "xml", "kazoo": "json"}[format], format)
		})
	}
}

// callExample has all callers of the bookshop call an example.
func callExample(t *testing.T, url, format string) {
	t.Helper()
	scripts, err := filepath.Glob(pivotExamples + "/*.yaml")
	g := NewWithT(t)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(len(scripts)).To(BeNumerically(">=", 4))
	args := []string{"pivot", "run", url, "--format", format, "--method", "post"}
	for _, script := range scripts {
		args = append(args, "--script", script)
	}
	run(t, args...).expect(cli.ExitOK)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	g := NewWithT(t)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(listener.Close()).To(Succeed())
	return listener.Addr().String()
}

// example runs an app that takes its address from LISTEN, until the test ends.
func example(t *testing.T, address string, app *exec.Cmd) {
	t.Helper()
	app.Env = append(app.Environ(), "LISTEN="+address)
	g := NewWithT(t)
	g.Expect(app.Start()).To(Succeed())
	t.Cleanup(func() {
		_ = app.Process.Kill() // it may have ended
		_ = app.Wait()         // it was killed
	})
	g.Eventually(t.Context(), func() error {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/", http.NoBody)
		if err != nil {
			return err
		}
		answer, err := (&http.Client{}).Do(request)
		if err != nil {
			return err
		}
		return answer.Body.Close()
	}).WithTimeout(eventually).Should(Succeed())
}
