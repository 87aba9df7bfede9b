package scenario

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/internal/form"
)

// Plan is a scenario that holds together: every name in it is that of something, every
// default is filled in, and its steps are in the order of their time.
type Plan struct {
	Name  string // of the file, without its folder and ending
	Title string
	About string
	Seed  string
	Start time.Time // zero for now

	Accounts  form.Named[Account] // parents before their children
	People    form.Named[Person]
	Receivers form.Named[Receiver]
	Hooks     form.Named[Hook]
	Sockets   form.Named[Socket]

	Acts   []Act
	Expect []Expected // of the end
	Length time.Duration
}

// Act is one thing that happens, at a moment.
type Act struct {
	At time.Duration // from the beginning
	// Takes is how long it lasts. What follows comes after it, unless it says when.
	Takes time.Duration
	// Do is what happens: a pointer to the type of a verb, such as *Call or *Ring, or
	// []Expected.
	Do   any
	Line int // in the file
	Path string

	scope *scope
}

// Expectations is how many there are, those between the steps included.
func (p *Plan) Expectations() int {
	n := len(p.Expect)
	for _, a := range p.Acts {
		if between, ok := a.Do.([]Expected); ok {
			n += len(between)
		}
	}
	return n
}

// Read reads a file. The error is a *form.FileError when the file is wrong, else why it
// cannot be read.
func Read(path string) (*Plan, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, text)
}

// Parse reads the text of a file. The error is a *form.FileError.
func Parse(name string, text []byte) (*Plan, error) {
	file := &File{}
	reading := form.Read(name, text, file)
	p := &planner{
		reading: reading, file: file, verbs: form.Fields(reflect.TypeFor[Step]()), names: map[string]thing{}, latest: map[string]string{},
		plan: &Plan{
			Name:  strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)),
			Title: file.Title, About: strings.TrimSpace(file.About), Seed: file.Seed, Start: time.Time(file.Start),
		},
	}
	if p.plan.Seed == "" {
		p.plan.Seed = p.plan.Name
	}
	p.world()
	p.plan.Length = p.flatten("steps", file.Steps, 0, nil)
	p.tell()
	p.subscriptions()
	p.plan.Expect = p.expectations("expect", file.Expect, nil)
	if err := reading.Err(); err != nil {
		return nil, err
	}
	return p.plan, nil
}

// planner makes a plan of a file. What is wrong with that is noted in the reading.
type planner struct {
	reading *form.Reading
	file    *File
	verbs   []form.Field // of a step
	plan    *Plan
	names   map[string]thing
	latest  map[string]string // the name in the plan of what has been repeated
}

func (p *planner) wrong(path, format string, args ...any) { p.reading.Wrong(path, format, args...) }
