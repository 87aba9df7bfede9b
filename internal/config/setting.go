package config

import (
	"reflect"
	"slices"
	"strings"
)

// EnvPrefix starts the name of each environment variable that is read.
const EnvPrefix = "KAZOOLAB_"

// Setting describes one leaf of Config.
type Setting struct {
	Path    string // rest.listen
	Help    string
	Default string
	// Commands that read the setting.
	Commands []string
	// Choices are the accepted words; nil when the text is free.
	Choices []string

	tag     reflect.StructTag
	typ     reflect.Type
	check   string
	by      string // path of the setting that an empty text goes by
	command string // the one whose flag it is; "" is none in particular
}

// Settings lists every setting in the order of Config.
func Settings() []Setting { return settingsOf(reflect.TypeFor[Config](), "") }

// For lists the settings that command reads, with the defaults it has there.
func For(command string) []Setting {
	var own []Setting
	for _, s := range Settings() {
		if slices.Contains(s.Commands, command) {
			own = append(own, s.forCommand(command))
		}
	}
	return own
}

func settingsOf(typ reflect.Type, prefix string) []Setting {
	var all []Setting
	for field := range typ.Fields() {
		path := prefix + field.Tag.Get("koanf")
		if field.Type.Kind() == reflect.Struct {
			all = append(all, settingsOf(field.Type, path+".")...)
			continue
		}
		s := Setting{
			Path:     path,
			Help:     field.Tag.Get("help"),
			Default:  field.Tag.Get("default"),
			Commands: strings.Split(field.Tag.Get("for"), ","),
			tag:      field.Tag,
			typ:      field.Type,
			check:    field.Tag.Get("check"),
			by:       field.Tag.Get("by"),
		}
		if choices := field.Tag.Get("choices"); choices != "" {
			s.Choices = strings.Split(choices, "|")
		}
		all = append(all, s)
	}
	return all
}

func (s Setting) forCommand(command string) Setting {
	s.command = command
	if text, ok := s.tag.Lookup("default-" + command); ok {
		s.Default = text
	}
	return s
}

// Env is the name of the environment variable.
func (s Setting) Env() string {
	return EnvPrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(s.Path))
}

// Flag is the name of the flag, without dashes. A command does not repeat its own
// name: broker.listen is --listen of kazoolab broker.
func (s Setting) Flag() string {
	return strings.ReplaceAll(strings.TrimPrefix(s.Path, s.command+"."), ".", "-")
}

// Type names the kind of value for people.
func (s Setting) Type() string {
	switch {
	case len(s.Choices) > 0:
		return strings.Join(s.Choices, "|")
	case s.typ == durationType():
		return "duration"
	case s.check == "address":
		return "host:port"
	case s.check == "amqp", s.check == "store":
		return "url"
	case s.check == "user":
		return "name:password"
	case s.typ.Kind() == reflect.Int64:
		return "size"
	case s.IsList():
		return "names"
	}
	return s.typ.Kind().String()
}

// IsSwitch reports whether the setting is true or false.
func (s Setting) IsSwitch() bool { return s.typ.Kind() == reflect.Bool }

// IsList reports whether the setting has several members.
func (s Setting) IsList() bool { return s.typ.Kind() == reflect.Slice }

func paths(settings []Setting) []string {
	names := make([]string, len(settings))
	for i, s := range settings {
		names[i] = s.Path
	}
	return names
}
