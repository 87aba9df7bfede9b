package cli_test

import (
	"encoding/json"
	"testing"

	"github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/cli"
)

// A hook is tried with an event of its kind, on or off, and nothing comes of it but
// an attempt.
func TestAHookIsTried(t *testing.T) {
	t.Parallel()
	s, receiver := failingStage(t, brokertest.New(t), "200,500")
	s.cli("hooks", "disable", s.hook)
	printed := s.cli("hooks", "test", s.hook)
	s.g.Expect(printed).To(gomega.And(
		gomega.MatchRegexp(`sent      POST http://127\.0\.0\.1:\d+  CHANNEL_CREATE`),
		gomega.ContainSubstring("content-type: application/x-www-form-urlencoded"), gomega.ContainSubstring("x-hook-id: "+s.hook),
		gomega.ContainSubstring("call_id=sample-"), gomega.MatchRegexp(`answered  200 +in \d+ ms`)))
	s.g.Eventually(t.Context(), receiver.stdout.String).WithTimeout(eventually).
		Should(gomega.MatchRegexp(`POST +` + s.hook[:8] + ` +channel_create +200`))

	p := beside(s.running, "hooks", "test", s.hook, "-o", "json").start().
		expect(cli.ExitFailed, "the receiver answered 500, which is no success")
	var trial map[string]any
	s.g.Expect(json.Unmarshal([]byte(p.stdout.String()), &trial)).To(gomega.Succeed())
	s.g.Expect(trial).To(gomega.And(gomega.HaveKeyWithValue("success", false), gomega.HaveKeyWithValue("resp_status_code", "500"),
		gomega.HaveKeyWithValue("hook_id", s.hook), gomega.HaveKeyWithValue("sent", gomega.ContainSubstring("call_id=sample-"))))
	s.g.Expect(s.listed(s.hook).Failures).To(gomega.BeZero())

	away := s.create(`"name":"Away","uri":"http://127.0.0.1:1/","hook":"object","custom_data":{"type":"device","action":"all"},"http_verb":"get"`)
	p = beside(s.running, "hooks", "test", away).start().expect(cli.ExitFailed, "did not answer: failed_connect: econnrefused")
	s.g.Expect(p.stdout.String()).To(gomega.And(gomega.ContainSubstring("GET http://127.0.0.1:1/  doc_edited"),
		gomega.ContainSubstring("type=device"), gomega.ContainSubstring("answered  nothing")))
}
