package pbx

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestNumbersAreClassified(t *testing.T) {
	for number, want := range map[string]string{
		"+14155550100": "did_us", "+18005550100": "tollfree_us", "+18825550100": "tollfree_us", "+19005550100": "toll_us",
		"+18765550100": "caribbean", "+442079460000": "international", "+46846500400": "international",
		"+1415555010": "unknown", "+11155550100": "unknown", "+14151550100": "unknown", "14155550100": "unknown", "1001": "unknown", "": "unknown",
		"+4420": "unknown", "+0123456789": "unknown",
	} {
		NewWithT(t).Expect(classify(number)).To(Equal(want), number)
	}
}
