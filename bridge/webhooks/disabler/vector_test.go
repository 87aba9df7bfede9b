package disabler_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/internal/vectortest"
)

// recorded is the hook of every record.
func recorded() disabler.Key {
	return disabler.Key{AccountID: "account0000000000000000000000001", HookID: "hook0000000000000000000000000001"}
}

// TestDisablerVector has failures of the recorded ages happen and then looks, as
// the reference's timer does. What is left in its cache is its own business: this
// one keeps no more than it needs.
func TestDisablerVector(t *testing.T) {
	records := vectortest.Read(t, "disabler", "label", "failure_ages_ms", "config", "counted", "disabled",
		"hook_doc_enabled", "disabled_message", "failures_left_in_cache", "notification")
	tally := vectortest.NewTally(t, "disabler")
	for _, record := range records {
		if err := playRecord(record); err != nil {
			tally.Disagree(record, "%s: %v", record.String("label"), err)
			continue
		}
		tally.Agree()
	}
}

func playRecord(record vectortest.Record) error {
	now := time.Date(2026, 11, 15, 12, 0, 0, 0, time.UTC)
	settings, err := recordedSettings(record.Object.Object("config"))
	if err != nil {
		return err
	}
	limit := settings.Limit(recorded().AccountID)
	tracker := disabler.New(disabler.Options{Collapse: true})
	ages, _ := record.Get("failure_ages_ms")
	for _, age := range ages.([]any) {
		ms, err := age.(json.Number).Int64()
		if err != nil {
			return err
		}
		tracker.Failed(recorded(), now.Add(-time.Duration(ms)*time.Millisecond), limit)
	}
	verdict := tracker.Look(recorded(), now, limit)
	doc, notices := jobj.Object{{Key: "enabled", Value: true}}, []any{}
	if verdict.TooMany {
		doc = disabler.Disable(doc)
		notices = append(notices, disabler.Notice(recorded()))
	}
	var message any
	if disabler.Disabled(doc) {
		message = doc.String(disabler.MessageKey)
	}
	got := jobj.Object{
		{Key: "counted", Value: verdict.Failures},
		{Key: "disabled", Value: disabler.Disabled(doc)},
		{Key: "hook_doc_enabled", Value: doc.Bool(true, "enabled")},
		{Key: "disabled_message", Value: message},
		{Key: "notification", Value: notices},
	}
	for _, m := range got {
		want, _ := record.Get(m.Key)
		if a, b := string(jobj.Append(nil, want)), string(jobj.Append(nil, m.Value)); a != b {
			return fmt.Errorf("%s is %s, recorded %s", m.Key, b, a)
		}
	}
	return nil
}

// recordedSettings reads keys such as {acct,<<"ID">>,<<"webhooks">>,<<"attempt_failure_count">>};
// without acct and an id it is the system's.
func recordedSettings(config jobj.Object) (*disabler.Settings, error) {
	key := regexp.MustCompile(`^\{(?:acct,<<"([^"]*)">>,)?<<"webhooks">>,<<"(` + disabler.CountKey + `|` + disabler.WindowKey + `)">>\}$`)
	system := disabler.DefaultLimit()
	accounts := map[string]jobj.Object{}
	for _, m := range config {
		parts := key.FindStringSubmatch(m.Key)
		if parts == nil {
			return nil, fmt.Errorf("config %s is not understood", m.Key)
		}
		member := jobj.Object{{Key: parts[2], Value: m.Value}}
		if parts[1] == "" {
			system = disabler.OfHook(member).Or(system)
			continue
		}
		accounts[parts[1]] = append(accounts[parts[1]], member...)
	}
	settings := disabler.NewSettings(system, fidelity.V50, func(string) string { return "" })
	settings.Replace(accounts)
	return settings, nil
}
