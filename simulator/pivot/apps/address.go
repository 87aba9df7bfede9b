package apps

import (
	"net/url"
	"strings"
)

// domain is where applications at websockets are: no such host can exist (RFC 2606), and
// the real schema of the action takes such a URL.
const domain = ".pivot.invalid"

// alias is the scheme of our own for the same.
const alias = "pivotws://"

// maxName is the length of an application's name.
const maxName = 32

// Of returns the name of the application that a URL is for. ok is false where it is for a
// host.
func Of(address string) (name string, ok bool) {
	u, err := url.Parse(Plain(address))
	if err != nil || u.Scheme != "http" {
		return "", false
	}
	name, ok = strings.CutSuffix(strings.ToLower(u.Hostname()), domain)
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
	return "http://" + rest[:end] + domain + rest[end:]
}

func good(name string) bool {
	return name != "" && len(name) <= maxName && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
