package kapi

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
)

// Reasons why a message's body cannot be had.
var (
	ErrTooLarge = errors.New("the message is too large")
	ErrNotGzip  = errors.New("the body is not gzip")
)

// Unpack is a body as its sender wrote it, at most limit bytes. The error is ErrTooLarge
// or ErrNotGzip.
func Unpack(body []byte, contentEncoding string, limit int) ([]byte, error) {
	if contentEncoding == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, ErrNotGzip
		}
		if body, err = io.ReadAll(io.LimitReader(z, int64(limit)+1)); err != nil {
			return nil, ErrNotGzip
		}
	}
	if len(body) > limit {
		return nil, ErrTooLarge
	}
	return body, nil
}
