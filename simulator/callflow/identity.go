package callflow

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// setCID changes what the caller shows (cf_set_cid).
func (a *act) setCID() {
	for _, one := range []struct{ from, to string }{{"caller_id_name", "Caller-ID-Name"}, {"caller_id_number", "Caller-ID-Number"}} {
		if text := a.data.String(one.from); text != "" {
			a.call.set(one.to, text)
		}
	}
	a.next(anyKey, "the caller shows "+a.call.text("Caller-ID-Name")+" "+a.call.text("Caller-ID-Number"))
}

// prependCID writes before what the caller shows (cf_prepend_cid). Reset takes away what was written.
func (a *act) prependCID() {
	kept := jobj.Object{}
	for _, one := range []struct{ prefix, to string }{{"caller_id_name_prefix", "Caller-ID-Name"}, {"caller_id_number_prefix", "Caller-ID-Number"}} {
		original := a.call.text(one.to)
		if was, has := a.call.kvs.Get("prepend_cid_original", one.to); has {
			original, _ = was.(string)
		}
		kept = append(kept, jobj.Member{Key: one.to, Value: original})
		base := a.call.text(one.to)
		if a.data.String("apply_to") == "original" {
			base = original
		}
		if a.data.String("action") == "reset" {
			a.call.set(one.to, original)
			continue
		}
		a.call.set(one.to, a.data.String(one.prefix)+base)
	}
	a.call.kvs = a.call.kvs.Set("prepend_cid_original", kept)
	a.next(anyKey, "the caller shows "+a.call.text("Caller-ID-Name")+" "+a.call.text("Caller-ID-Number"))
}

// language changes the language of prompts (cf_language).
func (a *act) language() {
	a.call.set("Language", strings.ToLower(firstOf(a.data.String("language"), a.call.text("Language"))))
	a.next(anyKey, "the language is "+a.call.text("Language"))
}

// setVariables sets variables of the application, which later requests show (cf_set_variables).
func (a *act) setVariables() {
	vars := a.data.Object("custom_application_vars")
	if len(vars) == 0 {
		a.next(anyKey, "there are no variables")
		return
	}
	command := a.Set(nil, nil, jobj.Member{Key: "Custom-Application-Vars", Value: vars})
	if a.data.Bool(false, "export") {
		command = command.Set("Export-All", true)
	}
	a.say(command)
	merged := a.call.fields.Object("Custom-Application-Vars")
	for _, m := range vars {
		merged = merged.Set(m.Key, m.Value)
	}
	a.call.set("Custom-Application-Vars", merged)
	a.next(anyKey, "set")
}

// setVariable sets a variable of the channel, or of both legs. There is one that can be set: a name that
// says whose a call is must not be (cf_set_variable:name_mapping/0).
func (a *act) setVariable() {
	name, value := map[string]string{"call_priority": "Call-Priority"}[a.data.String("variable")], a.data.String("value")
	if name == "" || value == "" {
		a.note("Kazoo sets no variable but call_priority, and that to a text: nothing is set")
		a.next(anyKey, "nothing is set")
		return
	}
	vars := jobj.Object{{Key: name, Value: value}}
	if a.data.String("channel") == "both" {
		a.say(a.Set(nil, vars))
	} else {
		a.say(a.Set(vars, nil))
	}
	a.call.set("Custom-Channel-Vars", a.call.fields.Object("Custom-Channel-Vars").Set(name, value))
	a.next(anyKey, "set")
}
