package uploads_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
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
		"no web":  {"ftp://user:secret@h/m.mp3", "PUT", 0, `not to "ftp://user:xxxxx@h/m.mp3"`},
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
			to := server.URL + c.path
			if !strings.HasPrefix(c.path, "/") {
				to = c.path
			}
			u := control.Upload{
				Method: c.method, URL: to, Headers: [][2]string{{"X-One", "1"}}, Name: "m.mp3",
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

// So many are made at once; the others wait for their turn, and those for whom there is no room are told.
func TestUploadsAreBounded(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const more = 5
	now, most := 0, 0
	var paths []string // in the order in which they came
	var mu sync.Mutex
	full := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		now++
		most = max(most, now)
		paths = append(paths, r.URL.Path)
		if len(paths) == uploads.AtOnce {
			close(full)
		}
		mu.Unlock()
		<-full // nobody is done before so many are there
		mu.Lock()
		now--
		mu.Unlock()
	}))
	defer server.Close()
	line := timeline.New(timeline.Config{Wall: clock.System()})
	store := uploads.New(t.Context(), uploads.Config{Line: line, Client: server.Client()})
	taken, refused := 0, 0
	line.After(0, func() {
		for i := range uploads.AtOnce + uploads.Waiting + more {
			store(control.Upload{Method: "PUT", URL: fmt.Sprintf("%s/%04d", server.URL, i)}, func(err error) {
				if err == nil {
					taken++
					return
				}
				g.Expect(err).To(MatchError(uploads.ErrFull))
				g.Expect(i).To(BeNumerically(">=", uploads.AtOnce+uploads.Waiting))
				refused++
			})
		}
	})
	g.Expect(line.Run(t.Context(), false)).To(Succeed())
	g.Expect(taken).To(Equal(uploads.AtOnce + uploads.Waiting))
	g.Expect(refused).To(Equal(more))
	g.Expect(most).To(Equal(uploads.AtOnce))
	for i, path := range paths { // none begins before all but those that are under way are done
		var n int
		_, err := fmt.Sscanf(path, "/%d", &n)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(n).To(BeNumerically("<", i+uploads.AtOnce))
	}
}
