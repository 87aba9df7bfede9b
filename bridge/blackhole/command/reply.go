package command

import "github.com/kazoolab/kazoolab/bridge/kapi/jobj"

// Statuses of a reply.
const (
	Success = "success"
	Error   = "error"
)

// Reply is the frame that answers a request. Data is JSON.
func Reply(id, status string, data []byte) []byte {
	const room = 64 // for what stands between the parts
	frame := make([]byte, 0, room+len(id)+len(data))
	frame = append(frame, `{"action":"reply","request_id":`...)
	frame = jobj.AppendString(frame, id)
	frame = append(frame, `,"status":`...)
	frame = jobj.AppendString(frame, status)
	frame = append(frame, `,"data":`...)
	frame = append(frame, data...)
	return append(frame, '}')
}

// Refusal is the data of a reply with an error.
func Refusal(text string) jobj.Object {
	return jobj.Object{{Key: "errors", Value: []any{text}}}
}
