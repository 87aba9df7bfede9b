package wire

import (
	"encoding/binary"
	"errors"
)

// Flags of the properties that are present (specification, 4.2.6.1).
const (
	HasContentType = 1 << (15 - iota)
	HasContentEncoding
	HasHeaders
	HasDeliveryMode
	HasPriority
	HasCorrelationID
	HasReplyTo
	HasExpiration
	HasMessageID
	HasTimestamp
	HasType
	HasUserID
	HasAppID
	HasClusterID
)

var errProperties = errors.New("content properties are malformed")

// Properties are the 14 properties of a message. Byte slices are views of what
// they were parsed from.
type Properties struct {
	Flags           uint16
	ContentType     []byte
	ContentEncoding []byte
	Headers         []byte // fields of the table, without its length
	DeliveryMode    uint8
	Priority        uint8
	CorrelationID   []byte
	ReplyTo         []byte
	Expiration      []byte
	MessageID       []byte
	Timestamp       uint64
	Type            []byte
	UserID          []byte
	AppID           []byte
	ClusterID       []byte
}

// ParseProperties reads flags and properties as they stand in a content header.
// It allocates nothing.
func ParseProperties(b []byte) (Properties, error) {
	c := cursor{rest: b}
	p := Properties{Flags: c.short()}
	if p.Flags&3 != 0 {
		return p, errProperties // a second word of flags, or a flag that no property has
	}
	for _, f := range p.inOrder() {
		switch {
		case p.Flags&f.flag == 0:
		case f.flag == HasHeaders:
			p.Headers = c.longstr()
			if checkTable(p.Headers, 0) != nil {
				return p, errProperties
			}
		case f.flag == HasDeliveryMode:
			p.DeliveryMode = c.octet()
		case f.flag == HasPriority:
			p.Priority = c.octet()
		case f.flag == HasTimestamp:
			p.Timestamp = c.longlong()
		default:
			*f.text = c.shortstr()
		}
	}
	if c.err != nil || len(c.rest) > 0 {
		return p, errProperties
	}
	return p, nil
}

// Append appends flags and properties.
func (p *Properties) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, p.Flags)
	for _, f := range p.inOrder() {
		switch {
		case p.Flags&f.flag == 0:
		case f.flag == HasHeaders:
			dst = binary.BigEndian.AppendUint32(dst, uint32(len(p.Headers))) //nolint:gosec // a frame is far below 4 GiB
			dst = append(dst, p.Headers...)
		case f.flag == HasDeliveryMode:
			dst = append(dst, p.DeliveryMode)
		case f.flag == HasPriority:
			dst = append(dst, p.Priority)
		case f.flag == HasTimestamp:
			dst = binary.BigEndian.AppendUint64(dst, p.Timestamp)
		default:
			dst = appendShort(dst, *f.text)
		}
	}
	return dst
}

// SetHeaders replaces the header table.
func (p *Properties) SetHeaders(t Table) {
	p.Flags |= HasHeaders
	p.Headers = t.Append(nil)[4:]
}

// property is a flag and, for one that is a short string, where it is kept.
type property struct {
	flag uint16
	text *[]byte
}

// inOrder lists all properties in the order of the wire.
func (p *Properties) inOrder() [14]property {
	return [14]property{
		{HasContentType, &p.ContentType},
		{HasContentEncoding, &p.ContentEncoding},
		{flag: HasHeaders},
		{flag: HasDeliveryMode},
		{flag: HasPriority},
		{HasCorrelationID, &p.CorrelationID},
		{HasReplyTo, &p.ReplyTo},
		{HasExpiration, &p.Expiration},
		{HasMessageID, &p.MessageID},
		{flag: HasTimestamp},
		{HasType, &p.Type},
		{HasUserID, &p.UserID},
		{HasAppID, &p.AppID},
		{HasClusterID, &p.ClusterID},
	}
}
