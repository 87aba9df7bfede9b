package disabler_test

import (
	"math"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
)

func parse(t *testing.T, text string) jobj.Object {
	t.Helper()
	doc, err := jobj.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// Whose word counts: one's own, else one's reseller's, else the system's; what the
// one that counts leaves out is the system's.
func TestWhoseLimitHolds(t *testing.T) {
	system := disabler.Limit{Failures: 9, Within: 90 * time.Second}
	for name, c := range map[string]struct {
		own, reseller string
		want          disabler.Limit
	}{
		"nobody says anything":        {"", "", system},
		"the account says both":       {`{"attempt_failure_count":2,"attempt_failure_expiry_ms":1000}`, `{"attempt_failure_count":3}`, disabler.Limit{Failures: 2, Within: time.Second}},
		"the account says one":        {`{"attempt_failure_count":2}`, `{"attempt_failure_expiry_ms":1000}`, disabler.Limit{Failures: 2, Within: system.Within}},
		"the account says nothing":    {`{}`, `{"attempt_failure_count":3}`, system},
		"the reseller says something": {"", `{"attempt_failure_count":3}`, disabler.Limit{Failures: 3, Within: system.Within}},
	} {
		settings := disabler.NewSettings(system, fidelity.V50, func(id string) string {
			return map[string]string{"account": "reseller"}[id]
		})
		accounts := map[string]jobj.Object{}
		if c.own != "" {
			accounts["account"] = parse(t, c.own)
		}
		if c.reseller != "" {
			accounts["reseller"] = parse(t, c.reseller)
		}
		settings.Replace(accounts)
		if got := settings.Limit("account"); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestAnAccountsConfigurationComesAndGoes(t *testing.T) {
	settings := disabler.NewSettings(disabler.DefaultLimit(), fidelity.V50, func(string) string { return "" })
	settings.Set("account", parse(t, `{"attempt_failure_count":2}`))
	if got := settings.Limit("account"); got.Failures != 2 {
		t.Errorf("set: %+v", got)
	}
	settings.Remove("account")
	if got := settings.Limit("account"); got != settings.System() {
		t.Errorf("removed: %+v", got)
	}
}

// Values as they may stand in documents that no REST has checked.
func TestValuesOfDocuments(t *testing.T) {
	const broken = 10 // the system's 9, and one more
	for value, want := range map[string]int{
		`3`: 3, `"3"`: 3, `"+3"`: 3, `0`: 0, `-2`: -2, `2.5`: 3, `"2.5"`: 3, `3e0`: 3, `"3.0e0"`: 3,
		`99999999999999999999`: math.MaxInt64, `"99999999999999999999"`: math.MaxInt64,
		`"abc"`: broken, `""`: broken, `null`: broken, `true`: broken, `[3]`: broken, `{}`: broken,
		`" 3"`: broken, `"3e0"`: broken, `".5"`: broken, `"5."`: broken, `"0x10"`: broken, `"1_0"`: broken, `"inf"`: broken, `"nan"`: broken,
	} {
		for dialect, otherwise := range map[fidelity.Dialect]int{fidelity.Talk: broken, fidelity.V50: broken, fidelity.V43: 6} {
			settings := disabler.NewSettings(disabler.Limit{Failures: 9, Within: time.Second}, dialect, func(string) string { return "" })
			settings.Set("account", parse(t, `{"attempt_failure_count":`+value+`,"attempt_failure_expiry_ms":`+value+`}`))
			got := settings.Limit("account")
			wantCount, wantWindow := want, time.Duration(want)*time.Millisecond
			switch want {
			case broken:
				wantCount, wantWindow = otherwise, time.Minute
			case math.MaxInt64: // longer than a duration can be
				wantWindow = time.Duration((1<<63-1)/int64(time.Millisecond)) * time.Millisecond
			}
			if got != (disabler.Limit{Failures: wantCount, Within: wantWindow}) {
				t.Errorf("%s in %s: %+v", value, dialect, got)
			}
		}
	}
}

func TestWhatAHookSaysForItself(t *testing.T) {
	account := disabler.Limit{Failures: 6, Within: time.Minute}
	for text, want := range map[string]disabler.Limit{
		`{}`:                                 account,
		`{"attempt_failure_count":2}`:        {Failures: 2, Within: time.Minute},
		`{"attempt_failure_expiry_ms":5000}`: {Failures: 6, Within: 5 * time.Second},
		`{"attempt_failure_count":"2","attempt_failure_expiry_ms":"5000"}`: {Failures: 2, Within: 5 * time.Second},
		`{"attempt_failure_count":0,"attempt_failure_expiry_ms":-1}`:       account,
		`{"attempt_failure_count":"x","attempt_failure_expiry_ms":null}`:   account,
	} {
		if got := disabler.OfHook(parse(t, text)).Or(account); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

func TestDocuments(t *testing.T) {
	hook := parse(t, `{"name":"n"}`)
	off := disabler.Disable(hook)
	byHand := hook.Set("enabled", false)
	switch {
	case disabler.Disabled(hook), disabler.Disabled(byHand), disabler.Disabled(off.Set("enabled", true)):
		t.Error("counts as switched off by itself")
	case !disabler.Disabled(off):
		t.Error("does not count as switched off by itself")
	}
	if got := string(jobj.Append(nil, disabler.Enable(off))); got != `{"name":"n","enabled":true}` {
		t.Errorf("on again it is %s", got)
	}
}
