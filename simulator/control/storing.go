package control

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"
)

// longest is the longest recording of which there are bytes: an hour, as no recording is longer
// by default.
const longest = time.Hour

// Body is the recording's bytes. It is silence, of which nobody can tell what was said, in the
// format of its name: WAV, or MP3 for any other. It is as long as the recording, an hour at most.
func (u Upload) Body() []byte {
	length := min(max(u.Length, 0), longest)
	if strings.HasSuffix(u.Name, ".wav") {
		return wav(length)
	}
	return mp3(length)
}

// wav is silence as the telephone network has it: 8,000 bytes a second of G.711 µ-law.
func wav(length time.Duration) []byte {
	const rate, header, mulaw, nothing = 8000, 44, 7, 0xff
	samples := int(length * rate / time.Second)
	var b bytes.Buffer
	b.Grow(header + samples)
	b.WriteString("RIFF")
	_ = binary.Write(&b, binary.LittleEndian, uint32(header-8+samples)) //nolint:gosec // at most those of an hour; a buffer takes all
	b.WriteString("WAVEfmt ")
	_ = binary.Write(&b, binary.LittleEndian, struct {
		Size              uint32
		Format, Channels  uint16
		Rate, BytesSecond uint32
		Block, Bits       uint16
	}{16, mulaw, 1, rate, rate, 1, 8})
	b.WriteString("data")
	_ = binary.Write(&b, binary.LittleEndian, uint32(samples)) //nolint:gosec // the same
	b.Write(bytes.Repeat([]byte{nothing}, samples))
	return b.Bytes()
}

// mp3 is silence in frames of MPEG 2.5, layer III, 8 kHz, mono, 8 kbit/s: 72 bytes for 72 ms, of
// which those behind the header say that nothing is to be heard.
func mp3(length time.Duration) []byte {
	const size, frame = 72, 72 * time.Millisecond
	one := make([]byte, size)
	copy(one, []byte{0xff, 0xe3, 0x18, 0xc0})
	return bytes.Repeat(one, max(int((length+frame-1)/frame), 1))
}
