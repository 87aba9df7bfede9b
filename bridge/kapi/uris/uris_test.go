package uris_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/uris"
)

func TestURLsAreTakenApart(t *testing.T) {
	for text, parts := range map[string]uris.Parts{
		"HTTP://u:p@H.example:81/a/b?c=d#e": {
			Scheme: "http", HasAuthority: true, HasUser: true, User: "u:p", Host: "H.example:81", Path: "/a/b", Query: "c=d", HasQuery: true,
		},
		"https://h":         {Scheme: "https", HasAuthority: true, Host: "h"},
		"http://h?":         {Scheme: "http", HasAuthority: true, Host: "h", HasQuery: true},
		"http://h?a=/b?c@d": {Scheme: "http", HasAuthority: true, Host: "h", Query: "a=/b?c@d", HasQuery: true},
		"http://a@b@h/":     {Scheme: "http", HasAuthority: true, HasUser: true, User: "a@b", Host: "h", Path: "/"},
		"http://@h":         {Scheme: "http", HasAuthority: true, HasUser: true, Host: "h"},
		"http://h#a/b?c":    {Scheme: "http", HasAuthority: true, Host: "h"},
		"http://[::1]:8/v":  {Scheme: "http", HasAuthority: true, Host: "[::1]:8", Path: "/v"},
		"http://":           {Scheme: "http", HasAuthority: true},
		"http:/v?q":         {Scheme: "http", Path: "/v", Query: "q", HasQuery: true},
		"mailto:a@b":        {Scheme: "mailto", Path: "a@b"},
		"//h/v":             {},
		"h/v":               {},
		"":                  {},
		"1http://h":         {},
		"ht tp://h":         {},
		"x-a.b+1:y":         {Scheme: "x-a.b+1", Path: "y"},
		"http#://h":         {},
		"http:#//h":         {Scheme: "http"},
	} {
		NewWithT(t).Expect(uris.Cut(text)).To(Equal(parts), text)
	}
}

func TestEscapes(t *testing.T) {
	g := NewWithT(t)
	for text, is := range map[string]bool{"%2F": true, "%aFb": true, "%2": false, "%": false, "%g0": false, "%0G": false} {
		g.Expect(uris.IsEscape(text)).To(Equal(is), text)
		g.Expect(uris.IsEscape([]byte(text))).To(Equal(is), text)
	}
}

func TestEscapesThatNeedNotBeAreUndone(t *testing.T) {
	g := NewWithT(t)
	for part, normal := range map[string]string{
		"": "", "/a~": "/a~", "/%7Ea%2fb": "/~a%2Fb", "%41%c3%A9": "A%C3%A9", "/%2e%2E/": "/../", "a%4": "a%4", "a%": "a%", "%%41": "", "a%zzb": "", "%4 1": "",
	} {
		got, valid := uris.Normal(part)
		g.Expect(valid).To(Equal(normal != "" || part == ""), part)
		if valid {
			g.Expect(got).To(Equal(normal), part)
		}
	}
}

func TestCredentials(t *testing.T) {
	g := NewWithT(t)
	for user, texts := range map[string][2]string{ // in kazoo mode, and corrected
		"u:p": {"u:p", "u:p"}, "u": {"u:", "u:"}, "u:": {"u:", "u:"}, "u:%40%41%3a": {"u:%40A%3A", "u:%40A%3A"}, "u:%4": {"u:%4", "u:%4"},
		"": {}, ":": {}, ":p": {"p:", ":p"}, "a:b:c": {"", "a:b:c"}, "a::b": {"a:b", "a::b"},
	} {
		for i, text := range texts {
			got, given := uris.Credentials(user, i == 1)
			g.Expect(got).To(Equal(text), user)
			g.Expect(given).To(Equal(text != ""), user)
		}
	}
}
