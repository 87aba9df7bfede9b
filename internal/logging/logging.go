// Package logging makes the program's logger. It owns levels, formats and the
// rule that a secret never reaches a log line; it never decides what is logged.
package logging

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// Options choose how much is logged and in which form.
type Options struct {
	Level  string // debug, info, warn or error
	Format string // text or json
}

// New returns a logger that writes to w. Attributes named like a secret are
// masked whatever their value: the last line of defence behind callers who are
// not to log them at all.
func New(w io.Writer, o Options) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.Level)); err != nil {
		return nil, fmt.Errorf("log level %q: use debug, info, warn or error", o.Level)
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: maskSecrets}
	switch o.Format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("log format %q: use text or json", o.Format)
}

func maskSecrets(_ []string, a slog.Attr) slog.Attr {
	words := strings.FieldsFunc(strings.ToLower(a.Key), func(r rune) bool { return r == '_' || r == '-' || r == '.' })
	secret := slices.ContainsFunc(words, func(word string) bool {
		switch word {
		case "password", "token", "secret", "credentials", "authorization", "apikey":
			return true
		}
		return false
	})
	if secret || strings.EqualFold(a.Key, "api_key") || strings.EqualFold(a.Key, "api-key") {
		return slog.String(a.Key, "***")
	}
	return a
}
