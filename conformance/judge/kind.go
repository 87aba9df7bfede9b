package judge

import (
	"slices"
	"strings"
)

// kind is a kind of message: its closed list of fields and how it travels. The lists
// stand in the definition's order, which the wire has backwards.
type kind struct {
	topic    string   // begins the ids of its rules
	category string   // Event-Category
	names    []string // Event-Names; nil is any
	exchange string
	source   string // the reference's definition
	// required, optional and either (of which one has to be there) are names of fields
	// with their types, as Timestamp:i; see types. A ! says that the publisher itself
	// refuses another type.
	required, optional, either string
	// open says that the reference's list is not written down here: further fields are
	// possible, in any order.
	open bool
	// loose says that the fields are known and their order is not.
	loose bool
	// deep says that empty strings are dropped from nested objects, too.
	deep bool
	// key is the routing key; nil where it follows no rule.
	key       func(f fields) string
	keySource string
	// otherKey reports whether a key that differs is right all the same; nil: never.
	otherKey func(l *look) bool
	// label is the id in the header call-id; nil where there is no such header.
	label  func(f fields) string
	zipped bool // the body travels compressed
	// msgID is the form of its Msg-ID, app its App-Name and App-Version with a space
	// between; "" is any.
	msgID func(f fields) form
	app   string
	// asked says that it is sent through the worker that waits for answers.
	asked bool
	// rules are those of its own, by id, with their source; check finds what breaks
	// them.
	rules map[string]string
	check func(l *look)
}

// form is how a Msg-ID looks.
type form string

const (
	formAny    form = ""
	formMicros form = "Unix microseconds, 16 digits"
	formLong   form = "32 hexadecimal digits"
	formShort  form = "16 hexadecimal digits"
)

func (f form) holds(s string) bool {
	switch f {
	case formMicros:
		return len(s) == 16 && isDigits(s)
	case formLong:
		return isHex(s, 32)
	case formShort:
		return isHex(s, 16)
	default:
		return true
	}
}

func always(f form) func(fields) form { return func(fields) form { return f } }

// fieldType is what a field's value may be.
type fieldType struct {
	letter  byte
	refused bool // by the publisher, if it is another
}

// holds reports whether a value is of a type:
//
//	s string, n number, i whole number, b boolean, o object, l list, * any,
//	d digits (a string or a number: generations differ), t a string with something in it,
//	r a text's route
func (t fieldType) holds(v value) bool {
	switch t.letter {
	case 's':
		return v.sort == text
	case 't':
		return v.sort == text && v.str != ""
	case 'r':
		return v.sort == text && (v.str == "onnet" || v.str == "offnet")
	case 'n':
		return v.sort == number
	case 'i':
		_, whole := v.int()
		return v.sort == number && whole
	case 'b':
		return v.sort == boolean
	case 'o':
		return v.sort == object
	case 'l':
		return v.sort == list
	case 'd':
		n, whole := v.int()
		return whole && n > 0
	default:
		return true
	}
}

func (t fieldType) String() string {
	return map[byte]string{
		's': "a string", 't': "a string that is not empty", 'n': "a number", 'i': "a whole number", 'b': "a boolean", 'o': "an object",
		'l': "a list", 'd': "digits", 'r': "onnet or offnet",
	}[t.letter]
}

// place is where a field stands in a message of a kind, and what it may be.
type place struct {
	rank int
	fieldType
}

// compiled is a kind made ready to check by.
type compiled struct {
	kind
	places   map[string]place
	required []string
	either   []string
}

// defaultFields may stand in any message; those that must follow (kz_api.hrl).
func defaultFields() (optional, required []string) {
	return strings.Fields(`Access-Group:* Defer-Response:* Destination-Server:* Geo-Location:* System-Log-ID Account-ID Call-ID Node
			Server-Queue-ID Raw-Headers:* Server-ID Request-From-PID Reply-To-PID AMQP-Broker AMQP-Broker-Zone Deliver-To-PID`),
		strings.Fields("App-Name App-Version Event-Category Event-Name Msg-ID")
}

// compile puts the fields into the order of the wire: optional, required, then default
// ones, each list backwards (kz_api:build_message/3).
func compile(k kind) *compiled {
	c := &compiled{kind: k, places: map[string]place{}}
	optional, required := defaultFields()
	own := slices.Concat(strings.Fields(k.required), strings.Fields(k.either), strings.Fields(k.optional))
	var order []string
	add := func(words []string) {
		for _, word := range words {
			name, t := parseField(word)
			if _, there := c.places[name]; !there {
				c.places[name] = place{fieldType: t}
				order = append(order, name)
			}
		}
	}
	for _, word := range required { // their places come first, so that no other list takes them
		c.places[word] = place{fieldType: fieldType{letter: '*'}} // a rule of their own holds their types
		order = append(order, word)
	}
	ownNames := map[string]bool{}
	for _, word := range own {
		name, _ := parseField(word)
		ownNames[name] = true
	}
	add(slices.DeleteFunc(optional, func(word string) bool {
		name, _ := parseField(word)
		return ownNames[name]
	}))
	add(own)
	slices.Reverse(order)
	for i, name := range order {
		p := c.places[name]
		p.rank = i
		c.places[name] = p
	}
	c.required, c.either = names(k.required), names(k.either)
	return c
}

func parseField(word string) (name string, t fieldType) {
	word, refused := strings.CutSuffix(word, "!")
	name, letter, typed := strings.Cut(word, ":")
	if !typed {
		letter = "s"
	}
	return name, fieldType{letter: letter[0], refused: refused}
}

func names(words string) []string {
	all := strings.Fields(words)
	for i, word := range all {
		all[i], _ = parseField(word)
	}
	return all
}

// kinds lists all, topic by topic.
func kinds() []kind {
	return slices.Concat(callKinds(), controlKinds(), queryKinds(), recordKinds(), changeKinds(), notificationKinds(), faxKinds(),
		conferenceKinds(), presenceKinds(), textKinds(), registrarKinds(), applicationKinds())
}
