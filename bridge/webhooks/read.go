package webhooks

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// ChannelEvents are the events this engine fires for.
func ChannelEvents() []string {
	return []string{kapi.ChannelCreate, kapi.ChannelAnswer, kapi.ChannelBridge, kapi.ChannelDestroy}
}

// ChannelHooks are the names of the hooks that this engine fires, as documents
// spell them.
func ChannelHooks() []string {
	hooks := ChannelEvents()
	for i, event := range hooks {
		hooks[i] = strings.ToLower(event)
	}
	return hooks
}

// read takes a message apart. reason is why it is none of ours, from the closed
// list of the dropped_total metric, or "".
func (e *Engine) read(msg Message) (read *payload.Event, reason string) {
	if !acceptable(msg.ContentType) {
		return nil, "content_type"
	}
	body, err := decompress(msg, e.cfg.MaxEvent)
	switch {
	case errors.Is(err, errTooLarge):
		return nil, "too_large"
	case err != nil:
		return nil, "not_gzip"
	}
	read, err = e.rules.Read(body)
	switch {
	case errors.Is(err, payload.ErrTooDeep):
		return nil, "too_deep"
	case errors.Is(err, payload.ErrNotText):
		return nil, "not_text"
	case errors.Is(err, payload.ErrNotJSON):
		return nil, "not_json"
	case errors.Is(err, payload.ErrCategory):
		return nil, "event_category"
	case err != nil:
		return nil, "event_name"
	}
	return read, ""
}

// acceptable content types are JSON's; a message without one is taken for JSON.
func acceptable(contentType string) bool {
	if contentType == "" {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == kapi.ContentType
}

var errTooLarge = errors.New("the message is too large")

func decompress(msg Message, limit int) ([]byte, error) {
	body := msg.Body
	if msg.ContentEncoding == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		if body, err = io.ReadAll(io.LimitReader(z, int64(limit)+1)); err != nil {
			return nil, err
		}
	}
	if len(body) > limit {
		return nil, errTooLarge
	}
	return body, nil
}
