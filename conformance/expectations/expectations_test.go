package expectations_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/expectations"
)

func ids() []string { return []string{"WH-RETRY-001", "WH-RETRY-002", "WH-ENC-012", "WS-CMD-001"} }

const full = `# What our cluster is known to fail.

known-failing:
  # Comes with the next release.
  - id: WH-RETRY-001   # closes
    reason: The proxy in front retries itself.
    link: https://example.com/17
  - id: WH-RETRY-002
    reason: >-
      It waits 5 s,
      not 2.
    dialect: 5.0

  # Of another topic.
  - reason: only in 4.3
    id: WH-ENC-012
    dialect: "4.3"

known-flaky:
  - {id: WS-CMD-001, reason: slow in the evening}
`

func TestAFileIsRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	f, err := expectations.Parse("x.yaml", []byte(full), ids())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(f.Lines).To(HaveLen(4))
	line, found := f.Find("WH-RETRY-001", "talk")
	g.Expect(found).To(BeTrue())
	g.Expect(line).To(SatisfyAll(
		HaveField("Reason", "The proxy in front retries itself."), HaveField("Link", "https://example.com/17"), HaveField("At", 5), HaveField("Flaky", false)))
	line, found = f.Find("WH-RETRY-002", "5.0")
	g.Expect(found).To(BeTrue())
	g.Expect(line.Reason).To(Equal("It waits 5 s, not 2."))
	_, found = f.Find("WH-RETRY-002", "4.3")
	g.Expect(found).To(BeFalse())
	_, found = f.Find("WH-ENC-012", "4.3")
	g.Expect(found).To(BeTrue())
	line, _ = f.Find("WS-CMD-001", "5.0")
	g.Expect(line.Flaky).To(BeTrue())
}

func TestWhatIsWrongIsToldWithItsLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, err string }{
		"no requirement": {
			"known-failing:\n  - id: WH-RETRY-003x\n    reason: r\n",
			"x.yaml:2: WH-RETRY-003x is no requirement; did you mean WH-RETRY-001 or WH-RETRY-002?",
		},
		"no reason":      {"known-failing:\n- id: WH-ENC-012\n", "x.yaml:2: WH-ENC-012 has no reason: say why it fails"},
		"empty reason":   {"known-failing:\n- id: WH-ENC-012\n  reason: ' '\n", "x.yaml:2: WH-ENC-012 has no reason: say why it fails"},
		"no id":          {"known-flaky:\n- reason: r\n", "x.yaml:2: a line has the id of a requirement"},
		"unknown list":   {"known-fail:\n- id: WH-ENC-012\n", `x.yaml:1: "known-fail" is no list: there are known-failing and known-flaky; did you mean known-failing or known-flaky?`},
		"unknown member": {"known-flaky:\n- id: WH-ENC-012\n  reason: r\n  because: x\n", `x.yaml:4: "because" is no member of a line: there are id, reason, link and dialect`},
		"no text":        {"known-flaky:\n- id: WH-ENC-012\n  reason: [a]\n", "x.yaml:3: reason is a text"},
		"dialect":        {"known-flaky:\n- id: WH-ENC-012\n  reason: r\n  dialect: '5.1'\n", `x.yaml:2: WH-ENC-012: "5.1" is no dialect: there are talk, 5.0 and 4.3`},
		"twice":          {"known-flaky:\n- id: WH-ENC-012\n  reason: r\nknown-failing:\n- id: WH-ENC-012\n  reason: r\n", "x.yaml:5: WH-ENC-012 stands in line 2 already"},
		"a bare id":      {"known-failing:\n- WH-ENC-012\n", `x.yaml:2: known-failing is a list of {id, reason, link, dialect}; "WH-ENC-012" is none`},
		"no list":        {"known-failing: WH-ENC-012\n", "x.yaml:1: known-failing is a list of {id, reason, link, dialect}"},
		"flow":           {"known-failing: [{id: WH-ENC-012, reason: r}]\n", "x.yaml:1: known-failing is written in block style, `- id: …` on a line of its own"},
		"a list":         {"- id: WH-ENC-012\n", "x.yaml: a file of expectations has the lists known-failing and known-flaky"},
		"a tag":          {"!00", "x.yaml: a file of expectations has the lists known-failing and known-flaky"},
		"two documents":  {"known-failing:\n---\nknown-flaky:\n", "x.yaml:3: a file holds one document"},
		"two faults":     {"known-failing:\n- id: A\n  reason: r\n- id: WH-ENC-012\n", "x.yaml:2: A is no requirement\nx.yaml:4: WH-ENC-012 has no reason: say why it fails"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := expectations.Parse("x.yaml", []byte(c.text), ids())
			NewWithT(t).Expect(err).To(MatchError(c.err))
		})
	}
}

func TestTextThatIsNoYAMLIsToldWithItsLine(t *testing.T) {
	t.Parallel()
	_, err := expectations.Parse("x.yaml", []byte("known-failing:\n  - id: 'a\n"), ids())
	NewWithT(t).Expect(err).To(MatchError(HavePrefix("x.yaml:2: ")))
}

func TestAnEmptyFileExpectsNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, text := range []string{"", "# nothing\n", "known-failing:\n", "known-failing: []\nknown-flaky:\n"} {
		f, err := expectations.Parse("x.yaml", []byte(text), ids())
		g.Expect(err).NotTo(HaveOccurred(), text)
		g.Expect(f.Lines).To(BeEmpty(), text)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	pass := func(id string) expectations.Seen { return expectations.Seen{ID: id} }
	fail := func(id string) expectations.Seen {
		return expectations.Seen{ID: id, Failed: true, What: `"a": 5` + "\n"}
	}
	for name, c := range map[string]struct {
		text string
		seen []expectations.Seen
		want string
	}{
		"nothing changes": {full, []expectations.Seen{fail("WH-RETRY-001"), fail("WH-RETRY-002"), pass("WS-CMD-001")}, full},
		"what passes goes, with its comment": {
			full, []expectations.Seen{pass("WH-RETRY-001"), fail("WH-RETRY-002"), pass("WH-ENC-012")},
			"# What our cluster is known to fail.\n\nknown-failing:\n" + full[index(full, "  - id: WH-RETRY-002"):],
		},
		"what fails comes last": {
			full, []expectations.Seen{fail("WH-ENC-012")},
			full[:index(full, "\nknown-flaky")] +
				"  - id: WH-ENC-012\n    reason: \"not looked into yet: \\\"a\\\": 5\\n\"\n    dialect: \"5.0\"\n" + full[index(full, "\nknown-flaky"):],
		},
		"into nothing": {"", []expectations.Seen{fail("WH-ENC-012"), pass("WS-CMD-001")}, "known-failing:\n" + one},
		"into an empty list": {
			"known-failing: [] # as yet\nknown-flaky:\n", []expectations.Seen{fail("WH-ENC-012")},
			"known-failing:  # as yet\n" + one + "known-flaky:\n",
		},
		"beside the other list": {
			"known-flaky:\n- id: WS-CMD-001\n  reason: r\n", []expectations.Seen{fail("WH-ENC-012"), fail("WS-CMD-001")},
			"known-flaky:\n- id: WS-CMD-001\n  reason: r\nknown-failing:\n" + one,
		},
		"the last goes":  {"known-failing:\n- id: WS-CMD-001\n  reason: r\n", []expectations.Seen{pass("WS-CMD-001")}, "known-failing: []\n"},
		"nothing to say": {"", []expectations.Seen{pass("WS-CMD-001")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			f, err := expectations.Parse("x.yaml", []byte(c.text), ids())
			g.Expect(err).NotTo(HaveOccurred())
			got, err := f.Update(c.seen, "5.0")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(string(got)).To(Equal(c.want))
			again, err := expectations.Parse("x.yaml", got, ids())
			g.Expect(err).NotTo(HaveOccurred(), "what is written can be read")
			for _, s := range c.seen {
				line, found := again.Find(s.ID, "5.0")
				g.Expect(found && !line.Flaky || s.Failed && found).To(Equal(s.Failed), s.ID)
			}
		})
	}
}

func TestAFileThatIsNotThereIsBegun(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text, err := expectations.Empty("x.yaml", ids()).Update([]expectations.Seen{{ID: "WH-ENC-012", Failed: true, What: "w"}}, "")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).To(Equal("known-failing:\n  - id: WH-ENC-012\n    reason: \"not looked into yet: w\"\n"))
}

// A user's file is not spoilt.
func TestWhatCannotBeRewrittenIsLeftAlone(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	f, err := expectations.Parse("x.yaml", []byte("known-failing: [\n]\n"), ids())
	g.Expect(err).NotTo(HaveOccurred())
	_, err = f.Update([]expectations.Seen{{ID: "WH-ENC-012", Failed: true, What: "w"}}, "5.0")
	g.Expect(err).To(MatchError(expectations.ErrForm))
}

const one = "  - id: WH-ENC-012\n    reason: \"not looked into yet: \\\"a\\\": 5\\n\"\n    dialect: \"5.0\"\n"

func index(text, part string) int {
	for i := range text {
		if len(text)-i >= len(part) && text[i:i+len(part)] == part {
			return i
		}
	}
	return -1
}
