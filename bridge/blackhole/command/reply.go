package command

import "github.com/kazoolab/kazoolab/bridge/kapi/jobj"

// Statuses of a reply.
const (
	Success = "success"
	Error   = "error"
)

// Reply is the frame that answers a request. Data is printed as it is.
func Reply(id, status string, data any) []byte {
	return jobj.Append(nil, jobj.Object{
		{Key: "action", Value: "reply"},
		{Key: "request_id", Value: id},
		{Key: "status", Value: status},
		{Key: "data", Value: data},
	})
}

// Refusal is the data of a reply with an error.
func Refusal(text string) jobj.Object {
	return jobj.Object{{Key: "errors", Value: []any{text}}}
}
