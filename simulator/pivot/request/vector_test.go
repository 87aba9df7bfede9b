package request_test

import (
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/vectortest"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

func TestPivotResolveURIVectors(t *testing.T) {
	tally := vectortest.NewTally(t, "pivot_resolve_uri")
	for _, r := range vectortest.Read(t, "pivot_resolve_uri", "base", "ref", "out", "error") {
		base, ref, out := r.String("base"), r.String("ref"), r.String("out")
		got, notes, err := request.Resolve(base, ref, fidelity.Kazoo)
		switch {
		case err != nil:
			tally.Disagree(r, "%s and %s: %v", base, ref, err)
		case !r.Has("error") && got == out:
			tally.Agree()
		case (r.Has("error") || hostOf(out) != hostOf(base)) && hostOf(got) == hostOf(base) && hasNote(notes, request.URLClimb):
			tally.Differ("url-climb")
		default:
			tally.Disagree(r, "%s and %s\n got %s %v\nwant %s", base, ref, got, notes, out)
		}
	}
}

// hostOf is a URL up to its path; what has no scheme has no host.
func hostOf(uri string) string {
	if !strings.Contains(uri, "://") {
		return ""
	}
	parts := strings.SplitN(uri, "/", 4)
	return strings.Join(parts[:min(len(parts), 3)], "/")
}

func hasNote(notes []request.Note, quirk string) bool {
	for _, n := range notes {
		if n.Quirk == quirk {
			return true
		}
	}
	return false
}

// The engine's tests compare all of these records; here the first request of each is
// composed without any engine.
func TestFirstRequestsAreAsRecorded(t *testing.T) {
	records := vectortest.Read(t, "pivot_requests", "label", "call", "request", "answers", "out", "end", "bindings", "notes", "idle_ms", "docs", "error", "config")
	compared := 0
	for _, r := range records {
		asked := r.Object.Object("request")
		uri, isText := asked.String("Voice-URI"), false
		if v, _ := asked.Get("Voice-URI"); v != nil {
			_, isText = v.(string)
		}
		if !isText {
			continue // the engine refuses it
		}
		call := r.Object.Object("call")
		state := request.StateOf(call)
		v := request.Values{
			Call: call, Format: asked.String("Request-Format"), Owners: owners(r.Object, call.String("Authorizing-ID")),
			Live: request.Live(state), Variables: request.Variables(state),
		}
		if v.Format == "" {
			v.Format = request.FormatTwiML
		}
		req, notes, err := request.Build(asked.String("HTTP-Method"), asked.String("Request-Body-Format"), uri, request.Params(v, fidelity.Kazoo), fidelity.Kazoo)
		notes = append(notes, request.Check(v)...)
		http := firstRequest(r.Object)
		if http == nil {
			// The reference fails or waits; ours fails, or does what a note says.
			if err == nil && len(notes) == 0 && !strings.Contains(uri, "no-such-host.invalid") && !strings.Contains(uri, ":99999") {
				t.Errorf("line %d (%s): Kazoo asks nobody, and ours has no note of it: %s", r.Line, r.String("label"), req.URL)
			}
			continue
		}
		compared++
		if err != nil {
			t.Errorf("line %d (%s): %v", r.Line, r.String("label"), err)
			continue
		}
		if hasNote(notes, request.GetCredentials) {
			continue // recorded as garbled
		}
		_, target, _ := strings.Cut(strings.TrimPrefix(req.URL, "http://"), "/")
		if got, want := req.Method+" /"+target, http.String("method")+" "+http.String("target"); got != want {
			t.Errorf("line %d (%s)\n got %s\nwant %s", r.Line, r.String("label"), got, want)
		}
		if req.Body != http.String("body") {
			t.Errorf("line %d (%s)\n got %s\nwant %s", r.Line, r.String("label"), req.Body, http.String("body"))
		}
		headers, _ := http.Get("headers")
		if got, want := string(jobj.Append(nil, pairs(req.Header))), string(jobj.Append(nil, headers)); got != want {
			t.Errorf("line %d (%s)\n got %s\nwant %s", r.Line, r.String("label"), got, want)
		}
	}
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

func firstRequest(r jobj.Object) jobj.Object {
	out, _ := r.Get("out")
	list, _ := out.([]any)
	for _, entry := range list {
		if http := entry.(jobj.Object).Object("http"); http != nil {
			return http
		}
	}
	return nil
}

func owners(r jobj.Object, device string) []string {
	docs, _ := r.Get("docs")
	list, _ := docs.([]any)
	var out []string
	for _, entry := range list {
		doc := entry.(jobj.Object)
		if doc.String("_id") != device {
			continue
		}
		switch owner, _ := doc.Get("owner_id"); owner := owner.(type) {
		case string:
			out = append(out, owner)
		case []any:
			for _, one := range owner {
				out = append(out, one.(string))
			}
		}
	}
	return out
}

func pairs(header [][2]string) []any {
	out := make([]any, len(header))
	for i, h := range header {
		out[i] = []any{h[0], h[1]}
	}
	return out
}
