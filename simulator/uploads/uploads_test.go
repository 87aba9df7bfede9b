package uploads_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/control"
	"github.com/kazoolab/kazoolab/simulator/timeline"
	"github.com/kazoolab/kazoolab/simulator/uploads"
)

// got is what a web server was asked.
type got struct{ line, kind, extra, body string }

func TestARecordingIsUploaded(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		path, method string
		status       int
		fails        string
	}{
		"taken":   {"/r/m.mp3", "PUT", 201, ""},
		"posted":  {"/r/m.mp3?a=b", "POST", 200, ""},
		"refused": {"/r/m.mp3", "PUT", 405, "PUT URL/r/m.mp3 was answered with 405 Method Not Allowed"},
		"hangs":   {"/r/m.mp3", "PUT", 0, "context deadline exceeded"},
		"no URL":  {"/%zz", "PUT", 0, "the Media-Transfer-Destination is no URL"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			saw := make(chan got, 1)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if c.status == 0 {
					<-r.Context().Done()
					return
				}
				saw <- got{r.Method + " " + r.URL.String(), r.Header.Get("Content-Type"), r.Header.Get("X-One"), string(body)}
				w.WriteHeader(c.status)
			}))
			defer server.Close()
			line := timeline.New(timeline.Config{Wall: clock.System()})
			store := uploads.New(t.Context(), uploads.Config{Line: line, Client: server.Client(), Timeout: 2 * time.Second})
			u := control.Upload{
				Method: c.method, URL: server.URL + c.path, Headers: [][2]string{{"X-One", "1"}}, Name: "m.mp3",
				ContentType: "audio/mpeg", Length: time.Second,
			}
			var came []error
			began := line.Now()
			line.After(0, func() { store(u, func(err error) { came = append(came, err) }) })
			line.After(time.Hour, func() { g.Expect(came).To(HaveLen(1), "the time stands still for it") })
			g.Expect(line.Run(t.Context(), false)).To(Succeed())
			g.Expect(line.Now().Sub(began)).To(Equal(time.Hour))
			g.Expect(came).To(HaveLen(1))
			if c.fails != "" {
				g.Expect(came[0]).To(MatchError(ContainSubstring(strings.ReplaceAll(c.fails, "PUT URL/", "PUT "+server.URL+"/"))))
			} else {
				g.Expect(came[0]).NotTo(HaveOccurred())
			}
			if c.status != 0 {
				g.Expect(<-saw).To(Equal(got{c.method + " " + c.path, "audio/mpeg", "1", string(u.Body())}))
			}
		})
	}
}

func TestAnUploadIsGivenUpWithTheSwitch(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ctx, stop := context.WithCancel(t.Context())
	left := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		stop()
		<-r.Context().Done()
		close(left)
	}))
	defer server.Close()
	line := timeline.New(timeline.Config{Wall: clock.System()})
	store := uploads.New(ctx, uploads.Config{Line: line, Client: server.Client()})
	line.After(0, func() { store(control.Upload{Method: "PUT", URL: server.URL}, func(error) { t.Error("told") }) })
	g.Expect(line.Run(ctx, false)).To(MatchError(context.Canceled))
	g.Eventually(left).WithTimeout(20 * time.Second).Should(BeClosed())
}
