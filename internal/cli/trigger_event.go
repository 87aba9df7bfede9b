package cli

import (
	"errors"
	"os"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/runfile"
	"github.com/kazoolab/kazoolab/internal/suggest"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// eventMaker makes the events that trigger sends.
type eventMaker struct {
	base      func() (pbx.Event, error)
	overrides []override
}

// override is one --set.
type override struct{ path, value string }

// next makes an event of this moment.
func (m eventMaker) next() (pbx.Event, error) {
	e, err := m.base()
	if err != nil {
		return e, err
	}
	for _, o := range m.overrides {
		if e, err = applyOverride(e, o); err != nil {
			return e, err
		}
	}
	return e, nil
}

// check makes an event for trial, so that whatever is wrong with the command line
// shows before anything is sent.
func (m eventMaker) check() error {
	e, err := m.next()
	if err != nil {
		return err
	}
	for _, unknown := range e.Unknown() {
		return fieldError(unknown)
	}
	if _, err := e.Message(); err != nil {
		return usagef("%w", err)
	}
	return nil
}

// newEventMaker follows the flags. running is the up that runs, nil when none does.
func newEventMaker(sw *pbx.Switch, running *runfile.File, flags triggerFlags, event string) (eventMaker, error) {
	overrides, err := parseOverrides(flags.set)
	if err != nil {
		return eventMaker{}, err
	}
	m := eventMaker{overrides: overrides}
	if flags.file != "" {
		e, err := fileEvent(sw, running, flags, event)
		m.base = func() (pbx.Event, error) { return e, nil }
		return m, err
	}
	spec, err := callSpec(running, flags.account)
	if err != nil {
		return m, err
	}
	for _, o := range overrides {
		if o.path == "Call-ID" {
			spec.CallID = o.value // given to the call, it is repeated in other fields too
		}
	}
	m.base = func() (pbx.Event, error) {
		call, err := sw.NewCall(strings.ToUpper(event), spec)
		if err != nil {
			return pbx.Event{}, err
		}
		return call.Event(), nil
	}
	return m, nil
}

// fileEvent reads the event of --file.
func fileEvent(sw *pbx.Switch, running *runfile.File, flags triggerFlags, event string) (pbx.Event, error) {
	data, err := os.ReadFile(flags.file)
	if err != nil {
		return pbx.Event{}, usagef("--file: %w", err)
	}
	fields, err := jobj.ParseObject(data)
	if err != nil {
		return pbx.Event{}, usagef("--file %s: %w", flags.file, err)
	}
	event = strings.ToUpper(event)
	name := fields.String("Event-Name")
	switch {
	case name == "" && event == "":
		return pbx.Event{}, usagef("--file %s has no Event-Name; name the event", flags.file)
	case name == "":
		fields = fields.Set("Event-Name", event)
	case event != "" && name != event:
		return pbx.Event{}, usagef("--file %s holds a %s, not a %s", flags.file, name, event)
	}
	if flags.account != "" {
		spec, err := callSpec(running, flags.account)
		if err != nil {
			return pbx.Event{}, err
		}
		vars := fields.Object("Custom-Channel-Vars").Set("Account-ID", spec.AccountID)
		fields = fields.Set("Custom-Channel-Vars", vars)
	}
	return sw.EventOf(fields), nil
}

// callSpec says whose call it is. An id need not be known to the up that runs: the
// broker may be another cluster's.
func callSpec(running *runfile.File, name string) (pbx.Spec, error) {
	if running == nil {
		if !isID(name) {
			return pbx.Spec{}, usagef("whose call? Start kazoolab up, or give --account with the 32 hexadecimal digits of an id")
		}
		return pbx.Spec{AccountID: name}, nil
	}
	account, err := chooseAccount(*running, name)
	if err != nil && isID(name) {
		return pbx.Spec{AccountID: name}, nil
	}
	if err != nil {
		return pbx.Spec{}, err
	}
	spec := pbx.Spec{AccountID: account.ID, AccountRealm: account.Realm, ResellerID: account.ResellerID}
	if len(account.Numbers) > 0 {
		spec.Dialled = account.Numbers[0]
	}
	for _, user := range account.Users {
		if user.Extension != "" {
			spec.CalleeName, spec.Extension = user.Name, user.Extension
			break
		}
	}
	return spec, nil
}

func isID(text string) bool {
	return len(text) == 32 && strings.Trim(text, "0123456789abcdef") == ""
}

func parseOverrides(texts []string) ([]override, error) {
	overrides := make([]override, 0, len(texts))
	for _, text := range texts {
		path, value, ok := strings.Cut(text, "=")
		if !ok || path == "" {
			return nil, usagef("--set %q: write it as Path=value", text)
		}
		overrides = append(overrides, override{path, value})
	}
	return overrides, nil
}

func applyOverride(e pbx.Event, o override) (pbx.Event, error) {
	changed, err := e.With(o.path, o.value)
	if unknown, ok := errors.AsType[*pbx.UnknownFieldError](err); ok {
		return e, fieldError(unknown)
	}
	if err != nil {
		return e, usagef("--set %w", err)
	}
	return changed, nil
}

// fieldError offers the fields nearest to one that does not exist.
func fieldError(unknown *pbx.UnknownFieldError) error {
	hint := suggest.Hint(unknown.Path, unknown.Known)
	if field, _, nested := strings.Cut(unknown.Path, "."); nested && hint == "" {
		hint = suggest.Hint(field, unknown.Known)
	}
	return usagef("%w%s", unknown, hint)
}
