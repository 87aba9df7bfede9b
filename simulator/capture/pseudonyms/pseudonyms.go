// Package pseudonyms takes identities out of messages: it gives each telephone number,
// name, user, host, address, account and secret a made-up one of the same shape, the
// same wherever it stands, so that what belongs together still does. It owns what counts
// as one: values of a few fields of Kazoo's pass as they are, and everything else is
// replaced unless its form alone says that it tells of nobody. It never keeps a table of
// who is who: what replaces an original follows from it and the key.
//
// docs/captures.md says what is covered and what is not.
package pseudonyms

import (
	"hash/maphash"
	"regexp"
	"strconv"

	"github.com/kazoolab/kazoolab/internal/ids"
)

// Bounds of what is kept: originals seen lately, which are not worked out again, and
// which replacements are taken. They hold for any number of messages.
const (
	maxMade  = 1 << 16
	maxTaken = 1 << 20
	maxKept  = 256 // bytes of an original; longer ones are not kept
	attempts = 64
)

// Pseudonyms replaces identities. It is for one goroutine.
type Pseudonyms struct {
	key      string
	kinds    map[string]kind
	fields   map[string]field
	reserved map[string]bool
	statuses map[string]bool
	// databases finds their names.
	databases *regexp.Regexp

	made  map[string]string // by domain and original
	seed  maphash.Seed
	taken map[uint64]uint64 // which original has a replacement

	// pairs are what was replaced in the present message, and own is its id, which stays.
	pairs map[string]string
	own   string
}

// New returns the pseudonyms of a key. Who knows it, or can guess it, can find out what
// an original became, and so try originals until one fits.
func New(key string) *Pseudonyms {
	return &Pseudonyms{
		key: key, kinds: kinds(), fields: map[string]field{}, reserved: reserved(), statuses: statusWords(), databases: regexp.MustCompile(databaseName),
		made: map[string]string{}, seed: maphash.MakeSeed(), taken: map[uint64]uint64{}, pairs: map[string]string{},
	}
}

// draw is the randomness that belongs to an original.
func (p *Pseudonyms) draw(domain, original string, attempt int) *ids.Source {
	return ids.Seeded(p.key + "\x00" + domain + "\x00" + strconv.Itoa(attempt) + "\x00" + original)
}

// assign is an original's replacement in a domain, in which no two originals have the
// same one, as long as there are enough.
func (p *Pseudonyms) assign(domain, original string, invent func(*ids.Source) string) string {
	if len(original) > maxKept {
		return invent(p.draw(domain, original, 0))
	}
	name := domain + "\x00" + original
	if made, ok := p.made[name]; ok {
		return made
	}
	var made string
	for attempt := range attempts {
		made = invent(p.draw(domain, original, attempt))
		if made != original && p.claim(domain, made, name) {
			break
		}
	}
	if len(p.made) >= maxMade {
		clear(p.made)
	}
	p.made[name] = made
	return made
}

// claim takes a replacement for an original, unless another has it.
func (p *Pseudonyms) claim(domain, made, name string) bool {
	which, whose := maphash.String(p.seed, domain+"\x00"+made), maphash.String(p.seed, name)
	owner, is := p.taken[which]
	switch {
	case is:
		return owner == whose
	case len(p.taken) < maxTaken:
		p.taken[which] = whose
	}
	return true
}

// note remembers what was replaced in the present message.
func (p *Pseudonyms) note(original, replacement string) {
	if original != replacement {
		p.pairs[original] = replacement
	}
}
