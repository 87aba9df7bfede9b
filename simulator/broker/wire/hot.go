package wire

import "encoding/binary"

// The methods below come with every message. Called by their types, not through
// Method, they cost no allocation: two for each message otherwise.

// ReadPublish is Decode for basic.publish.
func ReadPublish(payload []byte) (m BasicPublish, err error) {
	c := coder{cursor: cursor{rest: payload}}
	c.take(4)
	m.walk(&c)
	return m, c.end()
}

// ReadAck is Decode for basic.ack.
func ReadAck(payload []byte) (m BasicAck, err error) {
	c := coder{cursor: cursor{rest: payload}}
	c.take(4)
	m.walk(&c)
	return m, c.end()
}

// AppendDeliver is AppendMethod for basic.deliver.
func AppendDeliver(dst []byte, channel uint16, m BasicDeliver) []byte {
	start := len(dst)
	dst = BeginFrame(dst, FrameMethod, channel)
	c := coder{writing: true, out: binary.BigEndian.AppendUint32(dst, uint32(m.ID()))}
	m.walk(&c)
	return EndFrame(c.out, start)
}
