package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"

	"github.com/kazoolab/kazoolab/internal/suggest"
)

// Sources is where values may come from.
type Sources struct {
	// Command picks the defaults (see For).
	Command string
	// File is the path of a YAML file; "" means none.
	File string
	// ReadFile reads File.
	ReadFile func(path string) ([]byte, error)
	// Env holds NAME=value pairs.
	Env []string
	// Flags holds the text of the flags that were given, by setting path.
	Flags map[string]string
}

// Loaded is the outcome: the values and where each came from.
type Loaded struct {
	Config

	settings []Setting
	texts    map[string]string
	origins  map[string]string
}

// OriginDefault is the origin of a value that nobody set.
const OriginDefault = "default"

// Load reads all sources. The error is Problems and holds everything that is wrong.
func Load(src Sources) (*Loaded, error) {
	l := &loader{
		src:    src,
		koanf:  koanf.New("."),
		loaded: &Loaded{texts: map[string]string{}, origins: map[string]string{}},
	}
	for _, s := range Settings() {
		l.loaded.settings = append(l.loaded.settings, s.forCommand(src.Command))
	}
	l.defaults()
	l.file()
	l.environment()
	l.flags()
	l.dependent()
	if len(l.problems) > 0 {
		return nil, l.problems
	}
	if err := l.koanf.Unmarshal("", &l.loaded.Config); err != nil {
		return nil, Problems{{Where: "settings", What: err.Error()}}
	}
	return l.loaded, nil
}

type loader struct {
	src      Sources
	koanf    *koanf.Koanf
	loaded   *Loaded
	problems Problems
}

// take lays one value over what is there. Later calls win. Problems name where,
// which adds the path to an origin that does not say it.
func (l *loader) take(path, text, origin, where string) {
	i := slices.IndexFunc(l.loaded.settings, func(s Setting) bool { return s.Path == path })
	setting := l.loaded.settings[i]
	if text == "" && setting.by != "" { // see dependent
		delete(l.loaded.texts, path)
		l.loaded.origins[path] = origin
		return
	}
	value, err := setting.parse(text)
	if err != nil {
		l.problem(where, err.Error())
		return
	}
	if err := l.koanf.Load(confmap.Provider(map[string]any{path: value}, "."), nil); err != nil {
		l.problem(where, err.Error())
		return
	}
	l.loaded.texts[path] = text
	l.loaded.origins[path] = origin
}

func (l *loader) problem(where, what string) {
	l.problems = append(l.problems, Problem{where, what})
}

func (l *loader) defaults() {
	for _, s := range l.loaded.settings {
		text := s.Default
		if text == "" && s.typ.Kind() != reflect.String && !s.IsList() {
			continue // has none, or goes by another setting
		}
		l.take(s.Path, text, OriginDefault, OriginDefault+" of "+s.Path)
	}
}

// dependent fills in what was left empty and goes by another setting.
func (l *loader) dependent() {
	for _, s := range l.loaded.settings {
		if _, given := l.loaded.texts[s.Path]; given || s.by == "" {
			continue
		}
		word := l.loaded.texts[s.by]
		origin := fmt.Sprintf("%s with %s %s", cmp.Or(l.loaded.origins[s.Path], OriginDefault), s.by, word)
		l.take(s.Path, s.tag.Get("by-"+word), origin, origin+": "+s.Path)
	}
}

func (l *loader) file() {
	if l.src.File == "" {
		return
	}
	data, err := l.src.ReadFile(l.src.File)
	if err != nil {
		l.problem("--config", err.Error())
		return
	}
	entries, problems := readFile(l.src.File, data)
	l.problems = append(l.problems, problems...)
	for _, e := range entries {
		origin := fmt.Sprintf("%s:%d", l.src.File, e.line)
		l.take(e.path, e.text, origin, origin+": "+e.path)
	}
}

// otherVariables are read elsewhere: the file to load by the command line, the
// rest by tests, which leave them set for the programs they start, and by
// docker-compose.yml.
func otherVariables() []string {
	var names []string
	for _, name := range []string{"CONFIG", "TEST_AMQP_URL", "TEST_MANAGEMENT_URL", "VECTORS", "SHARED", "PORT"} {
		names = append(names, EnvPrefix+name)
	}
	return names
}

func (l *loader) environment() {
	byName := map[string]string{}
	known := otherVariables()[:1]
	for _, s := range l.loaded.settings {
		byName[s.Env()] = s.Path
		known = append(known, s.Env())
	}
	for _, pair := range l.src.Env {
		name, text, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, EnvPrefix) || slices.Contains(otherVariables(), name) {
			continue
		}
		path, ok := byName[name]
		if !ok {
			l.problem(name, "unknown variable"+hintVariable(name, known))
			continue
		}
		if text != "" { // compose files pass variables on that are not set
			l.take(path, text, name, name)
		}
	}
}

// hintVariable compares without the prefix, which would make all names alike.
func hintVariable(name string, known []string) string {
	bare := make([]string, len(known))
	for i := range known {
		bare[i] = strings.TrimPrefix(known[i], EnvPrefix)
	}
	near := suggest.Nearest(strings.TrimPrefix(name, EnvPrefix), bare)
	for i := range near {
		near[i] = EnvPrefix + near[i]
	}
	return suggest.Offer(near)
}

func (l *loader) flags() {
	for _, s := range l.loaded.settings {
		if text, ok := l.src.Flags[s.Path]; ok {
			l.take(s.Path, text, "--"+s.Flag(), "--"+s.Flag())
		}
	}
}
