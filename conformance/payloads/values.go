package payloads

import (
	"context"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// value is an event with a value of interest in its application variables, and one in To, and
// what stands for them in the text that is sent. CAV is short for custom_application_vars in
// form text.
type value struct{ name, vars, to, wantVars, wantTo string }

func (v value) event() published {
	body := `{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":"` + v.name +
		`","Custom-Channel-Vars":{"Account-ID":"{account}","Bridge-ID":"b"},"Custom-Application-Vars":` + v.vars + `,"To":` + v.to +
		`,"Msg-ID":"5d0c8e7f6a5b4c3d","App-Name":"ecallmgr","App-Version":"4.0.0"}`
	return call("CHANNEL_CREATE", v.name, body)
}

// sendValues makes a hook and publishes an event for each value.
func sendValues(receiver string, fields map[string]any, values []value) func(context.Context, *probe.Probe) error {
	return func(ctx context.Context, p *probe.Probe) error {
		account, err := standing(ctx, p)
		if err != nil {
			return err
		}
		if _, err := p.Hook(ctx, receiver, account, "channel_create", fields); err != nil {
			return err
		}
		events := make([]published, len(values))
		for i, v := range values {
			events[i] = v.event()
		}
		if err := publish(ctx, p, account, events...); err != nil {
			return err
		}
		arrived(ctx, p, []string{receiver}, events...)
		p.Settle(ctx)
		return nil
	}
}

// formsAre judges the whole form text for some of the values.
func formsAre(values []value, names ...string) func(*suite.Judging) {
	return valuesAre(values, names, func(j *suite.Judging, v value) {
		want := joined(j, `account_id={account}&call_id=`+v.name+`&custom_channel_vars[Bridge-ID]=b&`+strings.ReplaceAll(v.wantVars, "CAV", "custom_application_vars")+
			`&emergency_resource_used=false&local_resource_used=true&is_internal_leg=false&reseller_id={reseller}&`+v.wantTo+`&hook_event=channel_create&cluster_id={cluster}`)
		body(j, "form", v.name, want)
	})
}

// textsAre judges the whole JSON text for some of the values.
func textsAre(values []value, names ...string) func(*suite.Judging) {
	return valuesAre(values, names, func(j *suite.Judging, v value) {
		body(j, "json", v.name, filled(j, `{
  "account_id" : "{account}",
  "call_id" : "`+v.name+`",
  "custom_channel_vars" : {
    "Bridge-ID" : "b"
  },
  "custom_application_vars" : `+v.wantVars+`,
  "emergency_resource_used" : false,
  "local_resource_used" : true,
  "is_internal_leg" : false,
  "reseller_id" : "{reseller}",
  "to" : `+v.wantTo+`,
  "hook_event" : "channel_create",
  "cluster_id" : "{cluster}"
}`))
	})
}

func valuesAre(values []value, names []string, judge func(*suite.Judging, value)) func(*suite.Judging) {
	return func(j *suite.Judging) {
		for _, name := range names {
			known := false
			for _, v := range values {
				if v.name == name {
					known = true
					judge(j, v)
				}
			}
			if !known {
				j.Failf("there is no value %q", name)
			}
		}
	}
}
