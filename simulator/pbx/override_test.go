package pbx_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

func TestWithReplacesAValueByItsType(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, text, want string }{
		{"Caller-ID-Number", "+15551234567", `"+15551234567"`},
		{"Caller-ID-Name", "42", `"42"`},
		{"Caller-ID-Name", `{"a":1}`, `"{\"a\":1}"`},
		{"Presence-ID", "a=b", `"a=b"`},
		{"Origination-Call-ID", "17", `"17"`},
		{"Timestamp", "63877472675", `63877472675`},
		{"Timestamp", "soon", `"soon"`},
		{"Channel-Is-Loopback", "true", `true`},
		{"Custom-Channel-Vars.Account-ID", "17", `"17"`},
		{"Custom-Channel-Vars.Ticket", "17", `"17"`},
		{"Custom-Channel-Vars.Ticket", `{"no":17}`, `{"no":17}`},
		{"Custom-Channel-Vars.Privacy-Hide-Name", "true", `true`},
		{"Custom-Application-Vars.tier", "gold", `"gold"`},
		{"Custom-Application-Vars", `{"tier":"gold"}`, `{"tier":"gold"}`},
		{"Media-Recordings", `["a"]`, `["a"]`},
	} {
		e, err := newEvent(t, newSwitch("with"), kapi.ChannelCreate).With(c.path, c.text)
		if err != nil {
			t.Errorf("%s=%s: %v", c.path, c.text, err)
			continue
		}
		obj, _ := jobj.ParseObject(message(t, e).Body)
		value, _ := obj.Get(splitPath(c.path)...)
		if got := string(jobj.Append(nil, value)); got != c.want {
			t.Errorf("%s=%s gives %s, want %s", c.path, c.text, got, c.want)
		}
	}
}

func splitPath(path string) []string {
	for i, r := range path {
		if r == '.' {
			return []string{path[:i], path[i+1:]}
		}
	}
	return []string{path}
}

func TestWithEmptyTextRemoves(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"Caller-ID-Name", "Custom-Channel-Vars.Reseller-ID"} {
		e, err := newEvent(t, newSwitch("with"), kapi.ChannelCreate).With(path, "")
		if err != nil {
			t.Fatal(err)
		}
		obj, _ := jobj.ParseObject(message(t, e).Body)
		if value, ok := obj.Get(splitPath(path)...); ok {
			t.Errorf("%s is still there: %v", path, value)
		}
	}
}

func TestWithRefusesWhatMatchesNothing(t *testing.T) {
	t.Parallel()
	for path, known := range map[string]string{
		"Caller-Id-Number":             "Caller-ID-Number", // names are case sensitive
		"Bogus":                        "Call-ID",
		"":                             "Call-ID",
		"Caller-ID-Name.x":             "",
		"Custom-Channel-Vars.":         "",
		"Custom-Channel-Vars.Realm.x":  "Custom-Channel-Vars.Realm",
		"Recording.File-Path":          "",
		"Custom-Channel-Vars.New.Deep": "Custom-Channel-Vars.Realm",
	} {
		_, err := newEvent(t, newSwitch("with"), kapi.ChannelCreate).With(path, "x")
		var unknown *pbx.UnknownFieldError
		if !errors.As(err, &unknown) || unknown.Path != path {
			t.Errorf("%q: %v", path, err)
			continue
		}
		if known != "" && !slices.Contains(unknown.Known, known) {
			t.Errorf("%q: %v does not offer %s", path, unknown.Known, known)
		}
	}
	var wrong *pbx.ValueError
	if _, err := newEvent(t, newSwitch("with"), kapi.ChannelCreate).With("Custom-Channel-Vars", "[1]"); !errors.As(err, &wrong) {
		t.Errorf("a list as Custom-Channel-Vars: %v", err)
	}
}

func TestWithLeavesTheOriginalAlone(t *testing.T) {
	t.Parallel()
	e := newEvent(t, newSwitch("with"), kapi.ChannelCreate)
	before := string(message(t, e).Body)
	if _, err := e.With("Custom-Channel-Vars.Realm", "other"); err != nil {
		t.Fatal(err)
	}
	if string(message(t, e).Body) != before {
		t.Error("the event changed")
	}
}

func FuzzWith(f *testing.F) {
	f.Add("Custom-Channel-Vars.Ticket", `{"a":[1]}`)
	f.Add("Timestamp", "1e999")
	f.Add("Custom-Application-Vars", "{}")
	f.Add("...", "\x00")
	f.Fuzz(func(t *testing.T, path, text string) {
		e, err := newEvent(t, newSwitch("fuzz"), kapi.ChannelDestroy).With(path, text)
		if err != nil {
			return
		}
		m, err := e.Message()
		if err != nil {
			if _, ok := errors.AsType[*kapi.InvalidMessageError](err); !ok {
				t.Fatal(err)
			}
			return
		}
		if _, err := jobj.ParseObject(m.Body); err != nil {
			t.Fatalf("%s=%s made a message that is no JSON: %v", path, text, err)
		}
	})
}
