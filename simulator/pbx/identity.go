package pbx

import (
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// uuid4 is a version 4 UUID, the id of a leg that the switch itself places.
func (s *Switch) uuid4() string {
	variant := "89ab"[s.ids.IntN(4)]
	return fmt.Sprintf("%s-%s-4%s-%c%s-%s",
		s.ids.Hex(8), s.ids.Hex(4), s.ids.Hex(3), variant, s.ids.Hex(3), s.ids.Hex(12))
}

// uuid1 looks like the time-based UUIDs that the switch gives its fetches.
func (s *Switch) uuid1() string {
	return fmt.Sprintf("%s-%s-11ee-9%s-%s", s.ids.Hex(8), s.ids.Hex(4), s.ids.Hex(3), s.ids.Hex(12))
}

// carrierCallID is a SIP Call-ID as a carrier's equipment forms it.
func (s *Switch) carrierCallID() string {
	return fmt.Sprintf("%s-%s-%s@%s", s.ids.Hex(8), s.ids.Hex(4), s.ids.Hex(4), s.host.Carrier)
}

// interactionID names all legs of one conversation: Gregorian seconds, rounded
// down, and eight digits.
func (s *Switch) interactionID(created time.Time) string {
	return fmt.Sprintf("%d-%s", kapi.Gregorian(created), s.ids.Hex(8))
}

// switchTag is a SIP tag of the switch's own making.
func (s *Switch) switchTag() string {
	const letters = "0123456789ABCDEFGHJKMNQRSTUVXYZacdefghjkmnprstuvxyz"
	tag := make([]byte, 13)
	for i := range tag {
		tag[i] = letters[s.ids.IntN(len(letters))]
	}
	return string(tag)
}

// fictionalNumber is an E.164 number of the area out of the range 555-0100 to
// 555-0199, which is kept free for fiction.
func (s *Switch) fictionalNumber(area string) string {
	return fmt.Sprintf("+1%s55501%02d", area, s.ids.IntN(100))
}
