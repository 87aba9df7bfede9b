package main

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// bodySize is that of a CHANNEL_CREATE as a busy cluster sends it, in bytes.
const bodySize = 1640

// opening is put before an event's first member; the sequence number follows.
const opening = `{"Sequence":"`

// body is an event that carries a sequence number, in decimal digits that bring
// it to bodySize.
type body struct {
	text   []byte
	digits []byte // of text
}

func newBody() (body, error) {
	sw := pbx.New(pbx.Config{Clock: clock.System(), IDs: ids.Seeded("load")})
	call, err := sw.NewCall(kapi.ChannelCreate, pbx.Spec{AccountID: ids.Seeded("load").Hex(32)})
	if err != nil {
		return body{}, err
	}
	event, err := call.Event().Message()
	if err != nil {
		return body{}, err
	}
	rest := append([]byte(`",`), event.Body[1:]...)
	width := bodySize - len(opening) - len(rest)
	const enough = 9
	if width < enough {
		return body{}, fmt.Errorf("an event of %d bytes leaves no room for a sequence number in %d", len(event.Body), bodySize)
	}
	text := append([]byte(opening), bytes.Repeat([]byte("0"), width)...)
	text = append(text, rest...)
	return body{text: text, digits: text[len(opening) : len(opening)+width]}, nil
}

// number returns the text with a sequence number in it, good until the next call.
func (b body) number(n int) []byte {
	for i := len(b.digits) - 1; i >= 0; i-- {
		b.digits[i] = byte('0' + n%10)
		n /= 10
	}
	return b.text
}

// read returns the sequence number, and whether all else is as it was sent.
func (b body) read(text []byte) (n int, intact bool) {
	from, to := len(opening), len(opening)+len(b.digits)
	if len(text) != len(b.text) || !bytes.Equal(text[:from], b.text[:from]) || !bytes.Equal(text[to:], b.text[to:]) {
		return 0, false
	}
	n, err := strconv.Atoi(string(text[from:to]))
	return n, err == nil
}
