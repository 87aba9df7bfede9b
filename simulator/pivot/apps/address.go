package apps

import (
	"net/url"
	"strings"

	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// alias begins the URLs of our own scheme.
const alias = request.SocketScheme + "://"

// maxName is the length of an application's name.
const maxName = 32

// Of returns the name of the application that a URL is for. ok is false where it is for a
// host.
func Of(address string) (name string, ok bool) {
	u, err := url.Parse(Plain(address))
	if err != nil || u.Scheme != "http" {
		return "", false
	}
	name, ok = strings.CutSuffix(strings.ToLower(u.Hostname()), request.SocketHost)
	return name, ok && good(name)
}

// Plain is a URL with pivotws:// written as the http:// that it stands for; any other stays.
func Plain(address string) string {
	if len(address) < len(alias) || !strings.EqualFold(address[:len(alias)], alias) {
		return address
	}
	rest := address[len(alias):]
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	return "http://" + rest[:end] + request.SocketHost + rest[end:]
}

func good(name string) bool {
	return name != "" && len(name) <= maxName && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
