package control

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
)

const (
	// speech is how many characters a voice says in a second.
	speech = 15
	// word is the shortest that anything said lasts.
	word = 500 * time.Millisecond
	// recorded is how long a medium lasts of which nobody knows how long it is.
	recorded = 3 * time.Second
)

// sound has a leg hear what a command says; then is told when that is over.
func (c *Control) sound(name string, ch *pbx.Channel, message jobj.Object, then func(error)) {
	over := c.runs(ch, name)
	c.follow(ch)
	err := c.Board.Play(ch, toHear(name, message), func(switchboard.Sound) {
		over()
		then(nil)
	})
	if err != nil {
		over()
		then(err)
	}
}

// toHear is the sound of a command.
func toHear(name string, message jobj.Object) switchboard.Sound {
	s := switchboard.Sound{
		Kind: name, Terminators: keys(message), Language: message.String("Language"), Voice: message.String("Voice"), Engine: message.String("Engine"),
	}
	switch name {
	case "tts":
		s.Text = message.String("Text")
		s.Length = spoken(s.Text)
	case "say":
		s.Text = message.String("Say-Text")
		s.Length = spoken(s.Text)
	case "tones":
		s.Text, s.Length = tones(message)
	default:
		s.Kind, s.Media = "play", message.String("Media-Name")
		s.Length = lasts(s.Media)
		if n, err := strconv.Atoi(plain(message, "Loop-Count")); err == nil && n > 1 {
			s.Length *= time.Duration(n)
		}
	}
	if message.Bool(false, "Endless-Playback") {
		s.Length = 0
	}
	return s
}

func spoken(text string) time.Duration {
	return max(word, time.Duration(utf8.RuneCountInString(text))*time.Second/speech)
}

// lasts is how long a medium is. Of silence its name says so.
func lasts(media string) time.Duration {
	if text, ok := strings.CutPrefix(media, "silence_stream://"); ok {
		millis, _, _ := strings.Cut(text, ",")
		if n, err := strconv.Atoi(millis); err == nil && n > 0 {
			return time.Duration(n) * time.Millisecond
		}
	}
	return recorded
}

// tones are what is heard of those of a command, and for how long: each is on and off as often as
// it says.
func tones(message jobj.Object) (text string, length time.Duration) {
	value, _ := message.Get("Tones")
	list, _ := value.([]any)
	var all []string
	for _, one := range list {
		tone, _ := one.(jobj.Object)
		on, off := millis(tone, "Duration-ON"), millis(tone, "Duration-OFF")
		times := max(int(millis(tone, "Repeat")/time.Millisecond), 1)
		length += time.Duration(times) * (on + off)
		frequencies, _ := tone.Get("Frequencies")
		several, _ := frequencies.([]any)
		var names []string
		for _, f := range several {
			names = append(names, scalar(f))
		}
		all = append(all, fmt.Sprintf("%s Hz %d ms", strings.Join(names, "+"), on.Milliseconds()))
	}
	return strings.Join(all, ", "), max(length, time.Millisecond)
}

// keys are a command's Terminators.
func keys(message jobj.Object) string {
	value, _ := message.Get("Terminators")
	list, ok := value.([]any)
	if !ok {
		return scalar(value)
	}
	var all strings.Builder
	for _, one := range list {
		all.WriteString(scalar(one))
	}
	return all.String()
}

// plain is a field's text, or its number as text; "" for anything else.
func plain(message jobj.Object, name string) string {
	value, _ := message.Get(name)
	return scalar(value)
}

func scalar(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// seconds is a field that is a number of seconds, 0 where it is none, and millis one of
// milliseconds.
func seconds(message jobj.Object, name string) time.Duration {
	return length(message, name, time.Second)
}

func millis(message jobj.Object, name string) time.Duration {
	return length(message, name, time.Millisecond)
}

func length(message jobj.Object, name string, unit time.Duration) time.Duration {
	n, err := strconv.ParseFloat(plain(message, name), 64)
	if err != nil || n <= 0 {
		return 0
	}
	return time.Duration(min(n*float64(unit), math.MaxInt64/2))
}
