package results

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"
)

// Caps on what is shown, in bytes. A body of a megabyte is of no use beside another; where
// two differ, what stands around the first difference is shown.
const (
	MostOfBody    = 4 << 10 // of a body in the log
	MostOfFinding = 8 << 10 // of what was expected, and of what was seen
	before        = 1 << 10 // of that, ahead of the first difference
	mostEntries   = 400     // of the log of a group, besides those that a finding names
	mostOfAll     = 3000    // entries of all groups, likewise
)

// Bytes is a part of what was on the wire, or of what should have been.
type Bytes struct {
	Data []byte
	// From is where Data begins in the whole, Size how long the whole is.
	From, Size int
}

// Cut tells whether Data is not the whole.
func (b *Bytes) Cut() bool { return len(b.Data) < b.Size }

// Text tells whether Data reads as text.
func (b *Bytes) Text() bool { return utf8.Valid(b.Data) && !bytes.ContainsRune(b.Data, 0) }

type wireBytes struct {
	Text   *string `json:"text,omitempty"`
	Base64 *string `json:"base64,omitempty"` // of what is not UTF-8
	From   int     `json:"from,omitempty"`
	Size   int     `json:"size"`
}

// MarshalJSON writes text where it is UTF-8, else base64, and how much it is of the whole.
func (b *Bytes) MarshalJSON() ([]byte, error) {
	w := wireBytes{From: b.From, Size: b.Size}
	if utf8.Valid(b.Data) {
		text := string(b.Data)
		w.Text = &text
	} else {
		text := base64.StdEncoding.EncodeToString(b.Data)
		w.Base64 = &text
	}
	return json.Marshal(w)
}

// head is the beginning of data.
func head(data []byte, most int) *Bytes {
	if data == nil {
		return nil
	}
	return window(data, 0, most)
}

// window is the part of data that begins at from. It never cuts a character of UTF-8 in two.
func window(data []byte, from, most int) *Bytes {
	from = min(from, len(data))
	for from > 0 && from < len(data) && !utf8.RuneStart(data[from]) && from > before/2 {
		from--
	}
	end := min(from+most, len(data))
	for back := 0; end < len(data) && back < utf8.UTFMax && !utf8.RuneStart(data[end]); back++ {
		end--
	}
	return &Bytes{Data: data[from:end], From: from, Size: len(data)}
}

// beside are the parts of two that differ, around the first difference.
func beside(expected, actual []byte) (*Bytes, *Bytes) {
	if expected == nil || actual == nil {
		return head(expected, MostOfFinding), head(actual, MostOfFinding)
	}
	if len(expected) <= MostOfFinding && len(actual) <= MostOfFinding {
		return head(expected, MostOfFinding), head(actual, MostOfFinding)
	}
	same := 0
	for same < len(expected) && same < len(actual) && expected[same] == actual[same] {
		same++
	}
	from := max(0, same-before)
	return window(expected, from, MostOfFinding), window(actual, from, MostOfFinding)
}
