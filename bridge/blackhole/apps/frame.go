package apps

import (
	"bytes"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Action is that of every frame of the server about Pivot, beside replies.
const Action = "pivot"

// Names of these frames.
const (
	Request = "request"
	Cancel  = "cancel"
	Result  = "result"
	CDR     = "cdr"
)

// Frame is the text of a frame. The id is that of the request which it is about.
func Frame(name, id string, data jobj.Object) []byte {
	if data == nil {
		data = jobj.Object{}
	}
	text := jobj.Append(nil, jobj.Object{
		{Key: "action", Value: Action},
		{Key: "name", Value: name},
		{Key: "request_id", Value: id},
		{Key: "data", Value: data},
	})
	if !utf8.Valid(text) { // as HTTP may carry, and no frame of text
		text = bytes.ToValidUTF8(text, []byte(string(utf8.RuneError)))
	}
	return text
}

// Again is the data of a request that is sent again, to another socket perhaps.
func Again(data jobj.Object) jobj.Object { return data.Set("redelivered", true) }

// Cancelled is the data of a request that is not wanted any more.
func Cancelled(reason string) jobj.Object { return jobj.Object{{Key: "reason", Value: reason}} }
