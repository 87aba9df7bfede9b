package caller

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/form"
	"github.com/kazoolab/kazoolab/internal/suggest"
	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// What holds where a script says nothing.
const (
	defaultFrom   = "1001"
	defaultName   = "Alice Doe"
	defaultTo     = "2000"
	defaultRings  = 4 * time.Second
	defaultWithin = 30 * time.Second
	defaultEvery  = scenario.Keypress
)

// Who hangs up, beside the telephones of a script.
const (
	TheCaller = "caller"
	TheApp    = "app"
)

// Conference stands for the conference that the caller is in, where a telephone's name may stand.
const Conference = "conference"

// SchemaName is the name of the schema's file, beside the scripts that name it.
const SchemaName = "caller.schema.json"

// Script is a file that holds together, its defaults filled in.
type Script struct {
	Name  string // of the file, without its folder and ending
	Title string
	From  string // extension or E.164
	Shows string // the caller's name
	To    string

	Telephones []Phone
	Acts       []Act
	Expect     []Expected
}

// Phone is a telephone that the app can call.
type Phone struct {
	Name, ID, Number string
	Does             string
	After, HangsUp   time.Duration // HangsUp is 0 for never
}

// Act is a step in its turn.
type Act struct {
	After time.Duration
	// Do is *WaitFor, *Press, Speak, Wait, Hangup or Sounds.
	Do   any
	Line int
	// What says it for people, as it is written.
	What string
}

// Acts.
type (
	// Speak is how long the caller speaks.
	Speak time.Duration
	// Wait is how long nothing happens.
	Wait time.Duration
	// Hangup is who hangs up.
	Hangup string
	// Sounds is how many sounds the caller has to have heard the beginning of; a recorded call has it.
	Sounds int
)

// Schema is the JSON Schema of scripts, for editors.
func Schema() ([]byte, error) {
	o := form.Schema(reflect.TypeFor[File](), "kazoolab caller", "Somebody who calls a Pivot app, and what must come of it. See docs/pivot.md.")
	var text bytes.Buffer
	if err := json.Indent(&text, jobj.Append(nil, o), "", "  "); err != nil {
		return nil, err
	}
	text.WriteByte('\n')
	return text.Bytes(), nil
}

// Read reads a file. The error is a *form.FileError when the file is wrong, else why it
// cannot be read.
func Read(path string) (*Script, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, text)
}

// Listener is the script of somebody who only listens.
func Listener() *Script {
	return &Script{Name: "listener", Title: "Somebody listens", From: defaultFrom, Shows: defaultName, To: defaultTo}
}

// Parse reads the text of a file. The error is a *form.FileError.
func Parse(name string, text []byte) (*Script, error) {
	file := &File{}
	p := &parsing{Reading: form.Read(name, text, file), file: file}
	s := &Script{
		Name:  strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)),
		Title: file.Title, From: or(file.From, defaultFrom), Shows: or(file.Name, defaultName), To: or(file.To, defaultTo),
	}
	p.dialled("from", s.From)
	p.dialled("to", s.To)
	s.Telephones = p.telephones()
	s.Acts = p.acts(s)
	s.Expect = p.expectations()
	if err := p.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// parsing makes a script of a file, and notes what is wrong with it.
type parsing struct {
	*form.Reading

	file *File
}

var ofTheNetwork = regexp.MustCompile(`^(\+[1-9][0-9]{6,14}|911)$`)

var dialable = regexp.MustCompile(`^(\+[1-9][0-9]{6,14}|[0-9*#]{2,15})$`)

// Dialled says what is wrong with a text that is to be dialled; nil is nothing.
func Dialled(text string) error {
	if !dialable.MatchString(text) {
		return fmt.Errorf(`%q can be dialled nowhere; write an extension as "2000", or a number in E.164 as "+14155550100"`, text)
	}
	return nil
}

func (p *parsing) dialled(path, text string) {
	if err := Dialled(text); err != nil {
		p.Wrong(path, "%s", err)
	}
}

func (p *parsing) telephones() (all []Phone) {
	for _, entry := range p.file.Telephones {
		t, path := entry.Value, "telephones."+entry.Name
		if slices.Contains([]string{TheCaller, TheApp, Conference}, entry.Name) {
			p.WrongKey(path, "%q stands for somebody else already; give it another name", entry.Name)
		}
		if t.Number != "" {
			if !ofTheNetwork.MatchString(t.Number) {
				p.Wrong(path+".number", `%q is no number as carriers are asked for it: write it as "+14155550100", however the app does, or "911"; an app dials an extension by its user or device: give the telephone that id`, t.Number)
			}
			if t.ID != "" {
				p.WrongKey(path+".number", "stands beside %q; there can be one of them", "id")
			}
		}
		phone := Phone{
			Name: entry.Name, ID: t.ID, Number: t.Number, Does: or(t.Does, "answers"), After: defaultRings, HangsUp: time.Duration(t.HangsUp),
		}
		if p.Has(path + ".after") {
			phone.After = time.Duration(t.After)
		}
		if t.Number == "" && t.ID == "" {
			phone.ID = entry.Name
		}
		if t.HangsUp > 0 && phone.Does != "answers" {
			p.WrongKey(path+".hangs_up", "is for a telephone that answers; this one does not (%s)", phone.Does)
		}
		all = append(all, phone)
	}
	return all
}

// known checks that a name is a telephone's, or another that may stand there.
func (p *parsing) known(path, name string, others ...string) {
	names := others
	for _, entry := range p.file.Telephones {
		names = append(names, entry.Name)
	}
	switch {
	case slices.Contains(names, name):
	case len(names) == 0:
		p.Wrong(path, "%q is no telephone of this script; it has none: add it under telephones", name)
	default:
		p.Wrong(path, "%s", suggest.Then(fmt.Sprintf("%q is nobody in this script%s", name, suggest.Hint(name, names)), "There is "+strings.Join(names, ", ")))
	}
}

// after is how long people take for something, where a step does not say.
func after(do any) time.Duration {
	switch do.(type) {
	case *Press, Speak, Hangup:
		return 500 * time.Millisecond
	}
	return 0
}

func (p *parsing) acts(s *Script) (all []Act) {
	for i, step := range p.file.Steps {
		path := fmt.Sprintf("steps[%d]", i)
		act := Act{Line: p.Value(path).Line}
		switch {
		case step.Dial != nil:
			p.dialled(path+".dial", step.Dial.To)
			if i > 0 {
				p.WrongKey(path+".dial", "the call has begun already; dial in the first step, or leave this out")
			}
			if p.file.To != "" {
				p.WrongKey(path+".dial", "the file says already what is dialled, by %q; leave one of them out", "to")
			}
			s.To = step.Dial.To
			continue
		case step.WaitFor != nil:
			act.Do, act.What = step.WaitFor, p.waitFor(path+".wait_for", step.WaitFor)
		case step.Press != nil:
			act.Do, act.What = step.Press, "press "+string(step.Press.Keys)
		case step.Speak != nil:
			act.Do, act.What = Speak(*step.Speak), "speak for "+time.Duration(*step.Speak).String()
		case step.Wait != nil:
			act.Do, act.What = Wait(*step.Wait), "wait "+time.Duration(*step.Wait).String()
		case step.Hangup != "":
			p.known(path+".hangup", step.Hangup, TheCaller)
			act.Do, act.What = Hangup(step.Hangup), "hang up "+step.Hangup
		default:
			continue // what is wrong with it is noted
		}
		act.After = after(act.Do)
		if step.After != nil {
			act.After = time.Duration(*step.After)
		}
		all = append(all, act)
	}
	return all
}

// waitFor checks what is waited for, and says it.
func (p *parsing) waitFor(path string, w *WaitFor) string {
	if w.Within == 0 {
		if p.Has(path + ".within") {
			p.Wrong(path+".within", "is no time at all; leave it out for %s", defaultWithin)
		}
		w.Within = scenario.Duration(defaultWithin)
	}
	if w.ToTheEnd && w.Prompt == "" {
		p.WrongKey(path+".to_the_end", "is for a prompt, which has an end")
	}
	switch {
	case w.Prompt != "":
		p.prompt(path+".prompt", w.Prompt)
		return fmt.Sprintf("wait for %q", w.Prompt)
	case w.Silence > 0:
		if w.Silence > w.Within {
			p.Wrong(path+".silence", "%s of silence cannot come within %s; give within more", time.Duration(w.Silence), time.Duration(w.Within))
		}
		return "wait for silence of " + time.Duration(w.Silence).String()
	case w.Ringing != "":
		p.known(path+".ringing", w.Ringing)
		return "wait until " + w.Ringing + " rings"
	case w.Connected != "":
		p.known(path+".connected", w.Connected, Conference)
		return "wait until connected with " + w.Connected
	case w.End:
		return "wait for the end"
	}
	p.Wrong(path, "says nothing to wait for; write prompt, silence, ringing, connected or end: true")
	return ""
}

// prompt reads words or a pattern of a prompt.
func (p *parsing) prompt(path, text string) Prompt {
	made, err := ParsePrompt(text)
	if err != nil {
		p.Wrong(path, "%s", err)
	}
	return made
}

// Prompt is words that must be in what is heard, or a pattern.
type Prompt struct {
	Text string // as it is written
	re   *regexp.Regexp
}

// ParsePrompt reads words, letter case and blanks of which do not count, or a /regular expression/.
func ParsePrompt(text string) (Prompt, error) {
	if len(text) > 2 && strings.HasPrefix(text, "/") && strings.HasSuffix(text, "/") {
		re, err := regexp.Compile(text[1 : len(text)-1])
		if err != nil {
			return Prompt{}, fmt.Errorf("%s is no regular expression: %s", text, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		return Prompt{Text: text, re: re}, nil
	}
	if squeeze(text) == "" {
		return Prompt{}, fmt.Errorf("%q has no words; write some of what is said, as Press one", text)
	}
	return Prompt{Text: text}, nil
}

// In tells whether it is in what is heard.
func (p Prompt) In(heard string) bool {
	if p.re != nil {
		return p.re.MatchString(heard)
	}
	return strings.Contains(squeeze(heard), squeeze(p.Text))
}

// squeeze is text with what people do not hear taken out: letter case, and how many blanks there are.
func squeeze(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }
