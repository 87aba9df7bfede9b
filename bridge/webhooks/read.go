package webhooks

import (
	"errors"
	"mime"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// Names are the hooks that fire in a dialect, as documents spell them. Those of
// Kazoo 3.22 that others have no more stand last.
func Names(dialect fidelity.Dialect) []string {
	var names []string
	for _, listener := range kapi.HookListeners() {
		names = append(names, listener.Name)
	}
	if dialect == fidelity.Talk {
		names = append(names, payload.HookInboundFax, payload.HookOutboundFax, payload.HookCallflow)
	}
	return names
}

// errContentType is one of the reasons why a message is not even looked into.
var (
	errContentType = errors.New("the content type is not JSON's")
)

// read takes a message apart. The error is one that dropReason knows.
func (e *Engine) read(msg Message) (*payload.Event, error) {
	body, err := e.open(msg)
	if err != nil {
		return nil, err
	}
	return e.reader.Read(body)
}

// open is the body as the sender wrote it.
func (e *Engine) open(msg Message) ([]byte, error) {
	if !acceptable(msg.ContentType) {
		return nil, errContentType
	}
	return kapi.Unpack(msg.Body, msg.ContentEncoding, e.cfg.MaxEvent)
}

// dropReason is the label of the dropped_total metric, from a closed list; "" for
// what is not dropped but just not for hooks.
func dropReason(err error) string {
	for _, known := range []struct {
		err    error
		reason string
	}{
		{payload.ErrIgnored, ""},
		{errNoAccount, "no_account"},
		{errContentType, "content_type"},
		{kapi.ErrTooLarge, "too_large"},
		{kapi.ErrNotGzip, "not_gzip"},
		{payload.ErrTooDeep, "too_deep"},
		{payload.ErrNotText, "not_text"},
		{payload.ErrNotJSON, "not_json"},
		{payload.ErrCategory, "event_category"},
		{payload.ErrName, "event_name"},
	} {
		if errors.Is(err, known.err) {
			return known.reason
		}
	}
	return "invalid"
}

// acceptable content types are JSON's; a message without one is taken for JSON.
func acceptable(contentType string) bool {
	if contentType == "" || contentType == kapi.ContentType {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == kapi.ContentType
}
