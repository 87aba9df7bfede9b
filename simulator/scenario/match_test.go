package scenario_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/scenario"
)

func TestRules(t *testing.T) {
	g := NewWithT(t)
	lookup := func(r scenario.Reference) (string, bool) {
		if r.Name == "first" && r.Attribute == "call_id" {
			return "c-1", true
		}
		return "", false
	}
	const none = "\x00"
	for _, c := range []struct {
		rule, value string
		holds       bool
	}{
		{"ANSWER", "ANSWER", true},
		{"ANSWER", "ANSWERED", false},
		{"ANSWER", none, false},
		{"*", "", true},
		{"*", none, false},
		{"absent", none, true},
		{"absent", "", false},
		{"/^sip:4[0-9]{2}$/", "sip:486", true},
		{"/^sip:4/", "sips:4", false},
		{">= 3", "3", true},
		{">= 3", "2.9", false},
		{"> 3", "3", false},
		{"<= 3", "3", true},
		{"< 3", "many", false},
		{"!= 3", "4", true},
		{"!= 3", "3", false},
		{"!= 3", none, true},
		{"= *", "*", true},
		{"= *", "x", false},
		{"= {first.call_id}", "{first.call_id}", true},
		{"{first.call_id}", "c-1", true},
		{"x {first.call_id} y", "x c-1 y", true},
		{"{other.call_id}", "c-1", false},
		{">3", ">3", true}, // without the blank it is a text
	} {
		rule, err := scenario.ParseRule(c.rule)
		g.Expect(err).NotTo(HaveOccurred())
		match := scenario.Match{Text: c.rule, OneOf: []scenario.Rule{rule}}
		g.Expect(match.Holds(c.value, c.value != none, lookup)).To(Equal(c.holds), "%s of %q", c.rule, c.value)
	}
	for _, wrong := range []string{"/(/", ">= many"} {
		_, err := scenario.ParseRule(wrong)
		g.Expect(err).To(HaveOccurred(), wrong)
	}
}
