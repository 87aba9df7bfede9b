package cli

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/kazoolab/kazoolab/internal/config"
)

// What URLs of the two kinds that flags take look like.
const (
	exampleURL       = "http://127.0.0.1:8000"
	exampleSocketURL = "ws://127.0.0.1:5555"
)

// checkURL says what is wrong with the URL that a flag was given: it has to begin as the
// example does, or so with TLS, and to name a host. A password in it is not repeated.
func checkURL(flag, text, example string) error {
	scheme, _, _ := strings.Cut(example, "://")
	secure := scheme + "s"
	u, err := url.Parse(text)
	var wrong string
	switch given, _, ok := strings.Cut(text, "://"); {
	case !ok || !strings.EqualFold(given, scheme) && !strings.EqualFold(given, secure):
		wrong = fmt.Sprintf("begins with neither %s:// nor %s://", scheme, secure)
	case err != nil:
		wrong = "is no URL"
	case u.Hostname() == "":
		wrong = "names no host"
	default:
		return nil
	}
	return usagef("%s: %q %s; write it as %s", flag, shownURL(text), wrong, example)
}

// shownURL hides the password in a URL, which may have lost its scheme.
func shownURL(text string) string {
	if strings.Contains(text, "://") {
		return config.MaskURL(text)
	}
	return strings.TrimPrefix(config.MaskURL("://"+text), "://")
}
