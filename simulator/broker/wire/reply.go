package wire

import "fmt"

// Reply codes of the specification, with 311 to 313 that RabbitMQ defines too.
const (
	ContentTooLarge    = 311
	NoRoute            = 312
	NoConsumers        = 313
	ConnectionForced   = 320
	AccessRefused      = 403
	NotFound           = 404
	ResourceLocked     = 405
	PreconditionFailed = 406
	FrameError         = 501
	CommandInvalid     = 503
	ChannelError       = 504
	UnexpectedFrame    = 505
	ResourceError      = 506
	NotAllowed         = 530
	NotImplemented     = 540
	InternalError      = 541
)

// Error is a refusal that closes the channel or the connection.
type Error struct {
	Code   uint16
	Text   string   // reply text, without the name of the code
	Method MethodID // that it answers; zero when no method is to blame
}

// Errorf makes an Error.
func Errorf(code uint16, format string, arguments ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, arguments...)}
}

func (e *Error) Error() string { return e.ReplyText() }

// ReplyText is what goes into reply-text, such as "NOT_FOUND - no queue 'q' in
// vhost '/'", at most 255 bytes.
func (e *Error) ReplyText() string {
	text := codeName(e.Code) + " - " + e.Text
	if len(text) > 255 {
		text = text[:252] + "..."
	}
	return text
}

// ClosesConnection reports whether the code ends the connection, not only the
// channel (specification, 1.1).
func (e *Error) ClosesConnection() bool {
	switch e.Code {
	case ContentTooLarge, NoRoute, NoConsumers, AccessRefused, NotFound, ResourceLocked, PreconditionFailed:
		return false
	}
	return true
}

func codeName(code uint16) string {
	switch code {
	case ContentTooLarge:
		return "CONTENT_TOO_LARGE"
	case NoRoute:
		return "NO_ROUTE"
	case NoConsumers:
		return "NO_CONSUMERS"
	case ConnectionForced:
		return "CONNECTION_FORCED"
	case AccessRefused:
		return "ACCESS_REFUSED"
	case NotFound:
		return "NOT_FOUND"
	case ResourceLocked:
		return "RESOURCE_LOCKED"
	case PreconditionFailed:
		return "PRECONDITION_FAILED"
	case FrameError:
		return "FRAME_ERROR"
	case CommandInvalid:
		return "COMMAND_INVALID"
	case ChannelError:
		return "CHANNEL_ERROR"
	case UnexpectedFrame:
		return "UNEXPECTED_FRAME"
	case ResourceError:
		return "RESOURCE_ERROR"
	case NotAllowed:
		return "NOT_ALLOWED"
	case NotImplemented:
		return "NOT_IMPLEMENTED"
	}
	return "INTERNAL_ERROR"
}
