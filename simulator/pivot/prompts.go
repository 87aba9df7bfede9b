package pivot

import (
	"slices"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/dialplan"
	"github.com/kazoolab/kazoolab/simulator/pivot/twiml"
)

// terminators are the keys that stop a prompt; all of them where nothing is said.
func (p *process) terminators(n *twiml.Node, attr string) []string {
	text, given := p.text(n, attr)
	if !given {
		return dialplan.AllDigits()
	}
	return twiml.Keys(text)
}

// loops is how often a prompt is heard; 0 is for ever.
func (p *process) loops(n *twiml.Node) int64 {
	v, given := n.Int("loop")
	switch {
	case !given:
		return 1
	case v < 0:
		p.bad(n, "loop", "is below 0: 0, for ever, is taken")
		return 0
	}
	return v
}

// voice reads a voice (kzt_twiml_util:get_voice/1).
func (p *process) voice(n *twiml.Node) string {
	v, given := p.text(n, "voice")
	switch {
	case !given:
	case v == "man", v == "male":
		return "male"
	case v == "woman", v == "female":
		return "female"
	default:
		p.bad(n, "voice", "is none of man, male, woman, female: the default is taken")
	}
	return p.w.e.settings.Voice
}

// language reads a language (kzt_twiml_util:get_lang/1).
func (p *process) language(n *twiml.Node) string {
	v, given := p.text(n, "language")
	switch v {
	case "en":
		return "en-US"
	case "en-gb":
		return "en-GB"
	case "es", "fr", "de", "it":
		return v
	}
	if !given {
		return p.w.e.settings.Language
	}
	if v == "" {
		p.bad(n, "language", "is empty: the default is taken")
		return p.w.e.settings.Language
	}
	p.bad(n, "language", "is none of en, en-gb, es, fr, de, it: it is passed on as it is")
	return v
}

// say speaks a text (kzt_twiml_say:exec/3).
func (p *process) say(n *twiml.Node, then func(outcome)) {
	p.command(p.sender().Answer())
	text := cut(n.OwnText(), p.w.e.settings.TextBytes)
	voice, language, loops := p.voice(n), p.language(n), p.loops(n)
	if text == "" {
		p.w.note(attributeCrash, "a Say without a text is passed over. Kazoo crashes over it, and ends the document")
		then(ok)
		return
	}
	engine, given := p.text(n, "engine")
	if !given {
		engine = p.w.e.settings.Engine
	}
	p.soon(dialplan.TTS{
		Text: text, Terminators: p.terminators(n, "terminators"), Voice: voice, Language: language, Engine: engine,
	}.Part(p.w.callID), loops, then)
}

// cut shortens a text to so many bytes, and never within a character.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// play plays media (kzt_twiml:play/3).
func (p *process) play(n *twiml.Node, then func(outcome)) {
	p.command(p.sender().Answer())
	media := n.OwnText()
	if media == "" { // which twiml.Check has told
		then(errs)
		return
	}
	keys := p.terminators(n, "terminators")
	slices.Sort(keys) // Kazoo sorts those of a Play only: # * 0 … 9
	p.soon(dialplan.Play{Media: media, Terminators: slices.Compact(keys)}.Part(p.w.callID), p.loops(n), then)
}

// soon is prompt, but within a Gather only when the events that wait have been heard: a key among them
// silences what has not begun. In Kazoo the two run beside each other, and either may be first.
func (p *process) soon(part jobj.Object, times int64, then func(outcome)) {
	if p.parent == nil {
		p.prompt(part, times, then)
		return
	}
	p.after(0, func() { p.prompt(part, times, then) })
}

// prompt has a sound heard so many times, 0 is for ever, each to its end.
func (p *process) prompt(part jobj.Object, times int64, then func(outcome)) {
	command, id := p.sender().Queue(part)
	p.command(command)
	p.finished(id, func(r outcome) {
		if r != ok || times == 1 {
			then(r)
			return
		}
		p.prompt(part, max(times-1, 0), then)
	})
}

// finished waits for the completion of a noop. Digits pressed meanwhile are collected.
func (p *process) finished(id string, then func(outcome)) {
	p.attend(func(event jobj.Object) {
		name, _ := named(event)
		switch {
		case name == "CHANNEL_DESTROY":
			then(errs)
			return
		case name == "CHANNEL_EXECUTE_COMPLETE" && event.String("Application-Response") == id: // whatever it is of
			then(ok)
			return
		case name == "DTMF":
			p.collect(event.String("DTMF-Digit"))
		}
		p.finished(id, then)
	}, func() {
		p.why = "the switch has told nothing for 10 s, and no longer knows the call"
		if p.parent != nil {
			p.w.tell(Step{Kind: Judged, Text: p.why + ": the prompts of the Gather end here"})
		}
		then(errs)
	})
}
