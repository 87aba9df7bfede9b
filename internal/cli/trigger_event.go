package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/runfile"
	"github.com/kazoolab/kazoolab/internal/suggest"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// eventMaker makes the events that trigger sends: one, or several that follow each
// other.
type eventMaker struct {
	base      func() ([]pbx.Event, error)
	overrides []override
	exchange  string
	heard     bool // by a hook
}

// override is one --set.
type override struct{ path, value string }

// next makes the events of this moment.
func (m *eventMaker) next() ([]pbx.Event, error) {
	events, err := m.base()
	if err != nil {
		return nil, err
	}
	for i := range events {
		for _, o := range m.overrides {
			if events[i], err = applyOverride(events[i], o); err != nil {
				return nil, err
			}
		}
	}
	return events, nil
}

// check makes the events for trial, so that whatever is wrong with the command line
// shows before anything is sent.
func (m *eventMaker) check() error {
	events, err := m.next()
	if err != nil {
		return err
	}
	for _, e := range events {
		m.exchange = e.Exchange()
		for _, unknown := range e.Unknown() {
			return fieldError(unknown)
		}
		if _, err := e.Message(); err != nil {
			return usagef("%w", err)
		}
	}
	return nil
}

// newEventMaker follows the flags. running is the up that runs, nil when none does.
func newEventMaker(sw *pbx.Switch, running *runfile.File, flags triggerFlags, args []string) (*eventMaker, error) {
	overrides, err := parseOverrides(flags.set)
	if err != nil {
		return nil, err
	}
	m := &eventMaker{overrides: overrides, heard: true}
	var kind pbx.Kind
	whole := len(args) == 1 && isWholeCall(args[0])
	switch {
	case whole && flags.file != "":
		return nil, usagef("--file holds one event: name that one, or none, but not %s", args[0])
	case len(args) == 1 && !whole:
		if kind, err = findKind(args[0]); err != nil {
			return nil, err
		}
		m.heard = kind.Hook != ""
	}
	if flags.file != "" {
		e, err := fileEvent(sw, running, flags, kind)
		if known, ok := pbx.FindKind(e.Name()); ok {
			m.heard = known.Hook != ""
		}
		m.base = func() ([]pbx.Event, error) { return []pbx.Event{e}, nil }
		return m, err
	}
	spec, err := callSpec(running, flags.account)
	if err != nil {
		return nil, err
	}
	for _, o := range overrides {
		switch o.path { // given to what happens, they are repeated in other fields too
		case "Call-ID":
			spec.CallID = o.value
		case "Type":
			spec.Type = o.value
		}
	}
	m.base = func() ([]pbx.Event, error) { return sw.Compose(kind, spec) }
	if whole {
		m.base = func() ([]pbx.Event, error) { return sw.WholeCall(spec), nil }
	}
	return m, nil
}

// fileEvent reads the event of --file. kind is what the command line says it is, or
// nothing.
func fileEvent(sw *pbx.Switch, running *runfile.File, flags triggerFlags, kind pbx.Kind) (pbx.Event, error) {
	data, err := readFile(flags.file)
	if err != nil {
		return pbx.Event{}, usagef("--file: %w", err)
	}
	fields, err := jobj.ParseObject(data)
	if err != nil {
		return pbx.Event{}, usagef("--file %s: %w", flags.file, err)
	}
	name := fields.String("Event-Name")
	switch {
	case name == "" && kind.Name == "":
		return pbx.Event{}, usagef("--file %s has no Event-Name; name the event", flags.file)
	case name == "":
		fields = fields.Set("Event-Name", kind.Event())
	case kind.Name != "" && name != kind.Event():
		return pbx.Event{}, usagef("--file %s holds a %s, not a %s", flags.file, name, kind.Event())
	}
	if kind.Name != "" && !fields.Has("Event-Category") {
		fields = fields.Set("Event-Category", kind.Category())
	}
	e, err := sw.EventOf(fields)
	if err != nil {
		return e, usagef("--file %s: %w", flags.file, err)
	}
	if flags.account == "" {
		return e, nil
	}
	spec, err := callSpec(running, flags.account)
	if err != nil {
		return e, err
	}
	return e.OfAccount(spec.AccountID), nil
}

// maxFile is far above what a consumer takes, and far below what harms to read.
const maxFile = 16 << 20

// readFile reads a file of text.
func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxFile:
		return nil, fmt.Errorf("%s is larger than %d MiB, which is no event", name, maxFile>>20)
	case !utf8.Valid(data):
		return nil, fmt.Errorf("%s is not UTF-8", name)
	}
	return data, nil
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
	spec := pbx.Spec{
		AccountID: account.ID, AccountName: account.Name, AccountRealm: account.Realm, ResellerID: account.ResellerID,
		Receiver: running.Receiver,
	}
	if len(account.Numbers) > 0 {
		spec.Dialled = account.Numbers[0]
	}
	for _, user := range account.Users {
		if user.Extension != "" {
			spec.CalleeName, spec.Extension, spec.OwnerID, spec.Email = user.Name, user.Extension, user.ID, user.Email
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
