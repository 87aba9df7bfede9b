package switchboard

import (
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// Sound is something that whoever is at a channel's end hears.
type Sound struct {
	// Kind is the application that makes it: play, tts, say or tones.
	Kind string
	// Text is what is said, or the tones, as "440 Hz 500 ms".
	Text string
	// Media is what is played: the name or the URL of a recording.
	Media string
	// Language, Voice and Engine are as the application asked for them, "" where it did not.
	Language, Voice, Engine string
	// Terminators are the keys that end it.
	Terminators string
	// Length is how long it lasts if nothing ends it; 0 is without end.
	Length time.Duration

	// Began is set where the sound begins. Where it ends it is not, and Ended says why: one of
	// SoundDone, SoundKey, SoundBroken and SoundHangup.
	Began bool
	Ended string
	Key   string        // that has ended it
	After time.Duration // it has been heard for, when it ends
}

// Why a sound ends.
const (
	SoundDone   = "done"   // it is over
	SoundKey    = "key"    // one of its terminators was pressed
	SoundBroken = "break"  // it was told to stop
	SoundHangup = "hangup" // the channel has ended
)

// sounding is a sound that is heard now.
type sounding struct {
	Sound

	began time.Time
	over  interface{ Cancel() } // its end, as planned; nil for one without
	then  func(Sound)
}

// Play has a sound be heard on a channel; then is told when it is over, and why. A call that
// nobody has answered hears it before the answer, as early media. Several can be heard at once.
func (b *Board) Play(ch *pbx.Channel, sound Sound, then func(Sound)) error {
	if err := ch.OpenMedia(); err != nil {
		return err
	}
	s := &sounding{Sound: sound, began: b.Line.Now(), then: then}
	b.sounds[ch] = append(b.sounds[ch], s)
	if sound.Length > 0 {
		s.over = b.Line.After(sound.Length, func() { b.silence(ch, s, SoundDone, "") })
	}
	b.hears(ch, s, func(told *Sound) { told.Began = true })
	return nil
}

// hears tells whoever wants to know what is heard.
func (b *Board) hears(ch *pbx.Channel, s *sounding, what func(*Sound)) Sound {
	told := s.Sound
	what(&told)
	if b.Heard != nil {
		b.Heard(ch, told)
	}
	return told
}

// silence ends a sound.
func (b *Board) silence(ch *pbx.Channel, s *sounding, why, key string) {
	i := slices.Index(b.sounds[ch], s)
	if i < 0 {
		return
	}
	if b.sounds[ch] = slices.Delete(b.sounds[ch], i, i+1); len(b.sounds[ch]) == 0 {
		delete(b.sounds, ch)
	}
	if s.over != nil {
		s.over.Cancel()
	}
	told := b.hears(ch, s, func(told *Sound) {
		told.Ended, told.Key, told.After = why, key, b.Line.Now().Sub(s.began)
	})
	if s.then != nil {
		s.then(told)
	}
}

// Break stops what is heard on a channel.
func (b *Board) Break(ch *pbx.Channel) { b.silenceAll(ch, SoundBroken) }

// Hearing tells whether anything is heard on a channel.
func (b *Board) Hearing(ch *pbx.Channel) bool { return len(b.sounds[ch]) > 0 }

func (b *Board) silenceAll(ch *pbx.Channel, why string) {
	for _, s := range slices.Clone(b.sounds[ch]) {
		b.silence(ch, s, why, "")
	}
}

// Press has somebody press keys, three a second. Each is heard by the applications, and ends the
// sounds and the recordings of which it is a terminator.
func (b *Board) Press(ch *pbx.Channel, keys string, then Then) {
	b.press(ch, keys, func(key string) { b.terminate(ch, key) }, then)
}

// Send has the switch send keys, of which no sound ends; see Press.
func (b *Board) Send(ch *pbx.Channel, keys string, then Then) {
	b.press(ch, keys, func(string) {}, then)
}

func (b *Board) press(ch *pbx.Channel, keys string, pressed func(key string), then Then) {
	var steps []step
	for i, key := range keys {
		pause := 333 * time.Millisecond
		if i == 0 {
			pause = 0
		}
		steps = append(steps, step{pause, pause, func() error {
			if err := ch.Press(string(key), 250*time.Millisecond); err != nil {
				return err
			}
			pressed(string(key))
			return nil
		}})
	}
	b.act(then, steps...)
}

// terminate ends what a key ends.
func (b *Board) terminate(ch *pbx.Channel, key string) {
	for _, s := range slices.Clone(b.sounds[ch]) {
		if strings.Contains(s.Terminators, key) {
			b.silence(ch, s, SoundKey, key)
		}
	}
	if r := b.listening[ch]; r != nil && strings.Contains(r.Terminators, key) {
		b.report(r.stop(key, false))
	}
}
