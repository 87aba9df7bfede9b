package fidelity

import "slices"

// Class says what becomes of a quirk of the reference.
type Class string

const (
	// Keep is reproduced while compat is kazoo, and gone in corrected.
	Keep Class = "keep"
	// Never is a crash, a hole or a loss, or a trait of the reference's surroundings:
	// no mode reproduces it.
	Never Class = "never"
)

// Classes lists them.
func Classes() []Class { return []Class{Keep, Never} }

// Area is the part of the product that a quirk shows in.
type Area string

// Areas, in the order in which the catalogue lists them.
const (
	AreaText      Area = "form and JSON text"
	AreaPayload   Area = "payload"
	AreaMatching  Area = "which hooks fire"
	AreaRequest   Area = "request"
	AreaOutcome   Area = "outcome and retries"
	AreaAttempts  Area = "attempts"
	AreaDocuments Area = "hook documents"
	AreaREST      Area = "REST"
	AreaSockets   Area = "websockets"
	AreaPivot     Area = "Pivot"
)

// Quirk is one oddity of the reference that someone outside can see.
type Quirk struct {
	ID    string `json:"id"`
	Class Class  `json:"class"`
	Area  Area   `json:"area"`
	// Notices is what a receiver, or a client of the API, sees of the reference.
	Notices string `json:"notices"`
	// Kazoo and Corrected are what this program does in the two modes of compat.
	Kazoo     string `json:"kazoo"`
	Corrected string `json:"corrected"`
	// Source is where the reference does it: module:function/arity, or the part of it.
	Source string `json:"source"`
}

// Quirks is the catalogue, by area. It is complete: what differs between the two
// modes, or between the reference and both, has its entry here.
func Quirks() []Quirk {
	return slices.Concat(textQuirks(), payloadQuirks(), matchingQuirks(),
		requestQuirks(), outcomeQuirks(), attemptQuirks(), documentQuirks(), restQuirks(), socketQuirks(), pivotQuirks())
}

// Find looks a quirk up by its id.
func Find(id string) (Quirk, bool) {
	all := Quirks()
	i := slices.IndexFunc(all, func(q Quirk) bool { return q.ID == id })
	if i < 0 {
		return Quirk{}, false
	}
	return all[i], true
}

// QuirkIDs lists the ids, in the order of the catalogue.
func QuirkIDs() []string {
	all := Quirks()
	ids := make([]string, len(all))
	for i, q := range all {
		ids[i] = q.ID
	}
	return ids
}

// same is what a quirk says of its corrected mode where that does what kazoo does.
const same = "the same"
