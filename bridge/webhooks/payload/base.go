package payload

import (
	"slices"
	"sync"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
)

// Base is the payload of one event before any hook's custom_data, with its form and
// its JSON text. Each text is made once, by the first hook that needs it. A hook
// whose custom_data only adds keys gets the same text with its own members behind
// it, byte for byte what encoding its merged payload gives. Safe for use by many
// goroutines.
type Base struct {
	build      func() Payload
	mode       fidelity.Compat
	clusterID  string
	payload    once[Payload]
	form, json once[shared]
}

// shared is an event's text for hooks without custom_data.
type shared struct {
	text []byte
	// own is how many of its bytes come before cluster_id, ready to take other members
	// in its place; -1 when cluster_id does not stand last.
	own int
}

// once is sync.OnceValue in one piece of memory: three of them were ten.
type once[T any] struct {
	mu    sync.Mutex
	made  bool
	value T
}

func (o *once[T]) get(build func() T) T {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.made { // still, if build panics
		o.value, o.made = build(), true
	}
	return o.value
}

// NewBase takes what builds an event's payload, which happens once, when it is first
// asked for.
func NewBase(build func() Payload, mode fidelity.Compat, clusterID string) *Base {
	return &Base{build: build, mode: mode, clusterID: clusterID}
}

// Payload is the event's own, which must not be changed.
func (b *Base) Payload() Payload { return b.payload.get(b.build) }

// Merged is the payload that a hook with this custom_data sends.
func (b *Base) Merged(customData Payload) Payload {
	return b.Payload().Merge(b.mode, customData, b.clusterID)
}

// Text is Merged as JSON or as form text. Its bytes may be shared: they must not be
// changed.
func (b *Base) Text(asJSON bool, customData Payload) []byte {
	texts := &b.form
	if asJSON {
		texts = &b.json
	}
	s := texts.get(func() shared { return b.shared(asJSON) })
	if len(customData) == 0 {
		return s.text
	}
	if s.own < 0 || b.touchedBy(customData) {
		return b.encode(asJSON, b.Merged(customData))
	}
	added := Payload{}.Merge(b.mode, customData, b.clusterID)
	size := len(s.text)
	for _, m := range added {
		size += len(m.Key) + len(m.Value) + len(",\n   : ")
	}
	return b.appendMore(append(make([]byte, 0, size), s.text[:s.own]...), asJSON, added)
}

func (b *Base) shared(asJSON bool) shared {
	p := b.Payload()
	if len(p) == 0 || p.index("cluster_id") >= 0 {
		return shared{b.encode(asJSON, b.Merged(nil)), -1}
	}
	text := b.encode(asJSON, p)
	own := len(text)
	if asJSON {
		own -= len("\n}")
	}
	return shared{b.appendMore(text[:own], asJSON, Payload{}.Merge(b.mode, nil, b.clusterID)), own}
}

func (b *Base) encode(asJSON bool, p Payload) []byte {
	if asJSON {
		return p.JSON(b.mode)
	}
	return p.Form(b.mode)
}

// appendMore puts members behind those of the payload, whose text lacks its closing
// brace if it is JSON.
func (b *Base) appendMore(dst []byte, asJSON bool, added Payload) []byte {
	if asJSON {
		for _, m := range added {
			dst = append(dst, ",\n  "...)
			dst = appendPair(dst, m, 1, b.mode)
		}
		return append(dst, "\n}"...)
	}
	if b.mode != fidelity.Corrected { // where it depends on what there is
		dst = append(dst, '&')
	}
	return added.appendForm(dst, b.mode)
}

// touchedBy reports whether custom_data replaces or removes a member of the payload.
func (b *Base) touchedBy(customData Payload) bool {
	p := b.Payload()
	return slices.ContainsFunc(customData, func(m Member) bool { return p.index(m.Key) >= 0 })
}
