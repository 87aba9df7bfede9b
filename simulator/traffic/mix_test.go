package traffic_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/traffic"
)

func TestPeopleDoWhatTheMixSays(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	mix, err := traffic.ParseMix("call=5, hold=1,transfer=1,consult=1,park=1,conference=1,register=1,edit=1,fax=0")
	g.Expect(err).NotTo(HaveOccurred())
	count := played(t.Context(), t, "mix", traffic.Config{Arrivals: traffic.Poisson{Rate: 1}, Offices: offices(3), Calls: 1200, Mix: mix}, func(pbx.Event) {})
	g.Expect(count.Did).NotTo(HaveKey(traffic.Fax))
	for what, n := range count.Did {
		want := 100
		if what == traffic.Call {
			want = 500
		}
		g.Expect(n).To(BeNumerically("~", want, want/3), what.String())
	}
	g.Expect(count.Calls()).To(Equal(count.Begun - count.Did[traffic.Conference] - count.Did[traffic.Register] - count.Did[traffic.Edit]))
	g.Expect(count.Up()).To(BeZero())
}

func TestAMixIsReadAsItIsWritten(t *testing.T) {
	g := NewWithT(t)
	mix, err := traffic.ParseMix(traffic.OfficeMix().String())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(mix).To(Equal(traffic.OfficeMix()))
	for text, want := range map[string]string{
		"":              `nobody does ""`,
		"dance=1":       `nobody does "dance": there are call hold transfer consult park conference fax register edit`,
		"call":          `call="" is no share`,
		"call=-1":       `call="-1" is no share; write a number from 0 to 1,000,000, as call=3`,
		"call=0,hold=0": "leaves nothing to do",
	} {
		_, err := traffic.ParseMix(text)
		g.Expect(err).To(MatchError(ContainSubstring(want)), text)
	}
}
