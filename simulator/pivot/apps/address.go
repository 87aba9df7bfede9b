package apps

import (
	"net/url"
	"strings"

	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// maxName is the length of an application's name.
const maxName = 32

// Of returns the name of the application that a URL is for. ok is false where it is for a
// host.
func Of(address string) (name string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" {
		return "", false
	}
	name, ok = strings.CutSuffix(strings.ToLower(u.Hostname()), request.SocketHost)
	return name, ok && good(name)
}

func good(name string) bool {
	return name != "" && len(name) <= maxName && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
