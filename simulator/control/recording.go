package control

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
)

// taping is what a leg's recording is to do.
type taping struct {
	action string        // start, stop, mask or unmask
	name   string        // of the file; "" for one of the switch's choice
	limit  time.Duration // 0 is without limit
}

// record takes the sound of a leg until it is told to stop. To mask it leaves no trace on the
// bus; anything else begins one (konami_record_call).
func (c *Control) record(ch *pbx.Channel, t taping, then func(error)) {
	switch t.action {
	case "stop":
		then(c.Board.StopRecording(ch))
	case "mask", "unmask":
		then(c.Board.Recorded(ch))
	default:
		name := cmp.Or(t.name, "call_recording_"+c.IDs.Hex(32)+".mp3")
		err := c.Board.StartRecording(ch, name)
		c.follow(ch)
		if err == nil && t.limit > 0 { // nobody waits for that
			c.Line.Meanwhile(t.limit, func() {
				if _, running := ch.Tape(name); running {
					c.Board.Excuse(c.Board.StopRecording(ch))
				}
			})
		}
		then(err)
	}
}

// What a record has that says nothing of it (ecallmgr_call_command, by its defaults).
const (
	messageLimit   = 20 * time.Second
	messageSilence = 5 * time.Second
)

// listen records what the caller says until that is over.
func (c *Control) listen(ch *pbx.Channel, message jobj.Object, then func(error)) {
	name := message.String("Media-Name")
	if name == "" {
		then(errors.New("record has no Media-Name: give it one such as call_recording.mp3"))
		return
	}
	m := switchboard.Message{
		Name: name, Terminators: keys(message), Limit: messageLimit, Silence: messageSilence,
	}
	if message.Has("Time-Limit") {
		m.Limit = seconds(message, "Time-Limit")
	}
	if message.Has("Silence-Hits") {
		m.Silence = seconds(message, "Silence-Hits")
	}
	c.follow(ch)
	runs := c.runs(ch, "record")
	err := c.Board.Listen(ch, m, func() {
		runs()
		then(nil)
	})
	if err != nil {
		runs()
		then(err)
	}
}

// runs notes that a leg is in an application until what it returns is called, unless it is in
// another one already, beside which this one runs.
func (c *Control) runs(ch *pbx.Channel, application string) (over func()) {
	if ch.Running() != "" {
		return func() {}
	}
	ch.Runs(application)
	return func() {
		if ch.Running() == application {
			ch.Runs("")
		}
	}
}

// Upload is a recording that is to be stored at a web server.
type Upload struct {
	CallID, AccountID string
	Method            string // PUT or POST
	URL               string
	Headers           [][2]string
	Name              string        // of the recording
	ContentType       string        // that goes with the name
	Length            time.Duration // of the recording; see Body for its bytes
}

// store has a recording stored where the command says, by whoever does that.
func (c *Control) store(ch *pbx.Channel, message jobj.Object, then func(error)) {
	to, name := message.String("Media-Transfer-Destination"), message.String("Media-Name")
	switch {
	case c.Store == nil:
		then(errors.New("the switch stores no recordings"))
		return
	case to == "" || name == "":
		then(errors.New("store needs a Media-Name and a Media-Transfer-Destination, which is a URL"))
		return
	}
	u := Upload{
		CallID: ch.CallID(), AccountID: ch.Account().ID, Method: strings.ToUpper(cmp.Or(message.String("Media-Transfer-Method"), "put")),
		URL: to, Name: name, ContentType: contentType(name),
	}
	u.Length, _ = ch.Tape(name)
	value, _ := message.Get("Additional-Headers")
	lines, _ := value.([]any)
	for _, line := range lines {
		fields, _ := line.(jobj.Object)
		for _, m := range fields {
			if text, ok := m.Value.(string); ok {
				u.Headers = append(u.Headers, [2]string{m.Key, text})
			}
		}
	}
	c.Store(u, then)
}

// contentType is that of a recording of that name.
func contentType(name string) string {
	if strings.HasSuffix(name, ".wav") {
		return "audio/x-wav"
	}
	return "audio/mpeg"
}
