package config

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/kazoolab/kazoolab/internal/suggest"
)

// ListSeparator stands between the members of a list.
const ListSeparator = ","

func durationType() reflect.Type { return reflect.TypeFor[time.Duration]() }

// parse turns text into the setting's type and checks it.
func (s Setting) parse(text string) (any, error) {
	switch {
	case s.typ == durationType():
		return s.parseDuration(text)
	case s.typ.Kind() == reflect.Bool:
		switch text {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, fmt.Errorf("%q is neither true nor false", text)
	case s.typ.Kind() == reflect.Int:
		return s.parseInt(text)
	case s.typ.Kind() == reflect.Int64:
		return s.parseSize(text)
	case s.IsList():
		return s.parseList(text)
	}
	if text == "" && (s.Default == "" || s.tag.Get("empty") != "") {
		return "", nil
	}
	return text, s.checkText(text)
}

func (s Setting) parseDuration(text string) (any, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no duration such as 500ms, 10s or 2m", text)
	}
	if least, _ := time.ParseDuration(s.tag.Get("min")); d < least {
		return nil, fmt.Errorf("%s is less than %s", d, least)
	}
	return d, nil
}

func (s Setting) parseInt(text string) (any, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no whole number", text)
	}
	if least, err := strconv.Atoi(s.tag.Get("min")); err == nil && n < least {
		return nil, fmt.Errorf("%d is less than %d", n, least)
	}
	if most, err := strconv.Atoi(s.tag.Get("max")); err == nil && n > most {
		return nil, fmt.Errorf("%d is more than %d", n, most)
	}
	return n, nil
}

func (s Setting) parseSize(text string) (any, error) {
	n, err := humanize.ParseBytes(text)
	if err != nil || n > math.MaxInt64 {
		return nil, fmt.Errorf("%q is no size such as 256MiB, 1GB or 1048576", text)
	}
	if least, err := humanize.ParseBytes(s.tag.Get("min")); err == nil && n < least {
		return nil, fmt.Errorf("%s is less than %d: write a size such as 256MiB, 1GB or 1048576", text, least)
	}
	return int64(n), nil
}

func (s Setting) parseList(text string) (any, error) {
	if text == "" {
		return []string(nil), nil
	}
	members := strings.Split(text, ListSeparator)
	seen := map[string]bool{}
	for i, member := range members {
		member = strings.TrimSpace(member)
		members[i] = member
		if member == "" {
			return nil, errors.New("a member of the list is empty")
		}
		if err := s.checkText(member); err != nil {
			return nil, err
		}
		name := member
		if s.check == "user" {
			name, _, _ = strings.Cut(member, ":")
		}
		if seen[name] {
			return nil, fmt.Errorf("%q is given twice; leave one out", name)
		}
		seen[name] = true
	}
	return members, nil
}

func (s Setting) checkText(text string) error {
	switch s.check {
	case "choice":
		if !slices.Contains(s.Choices, text) {
			return fmt.Errorf("%q is none of %s%s", text, strings.Join(s.Choices, ", "), suggest.Hint(text, s.Choices))
		}
	case "amqp":
		return checkAMQP(text)
	case "store":
		return checkStore(text)
	case "address":
		_, port, err := net.SplitHostPort(text)
		if err != nil {
			return fmt.Errorf("%q is no address such as %s", text, cmp.Or(s.Default, "127.0.0.1:5556"))
		}
		if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
			return fmt.Errorf("port %q is no number from 0 to 65535", port)
		}
	case "user":
		if name, password, ok := strings.Cut(text, ":"); !ok || name == "" || password == "" {
			return errors.New("not written as name:password, several with commas between")
		}
	case "network":
		if _, err := ParseNetwork(text); err != nil {
			return fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", text)
		}
	case "apikey":
		if raw, err := hex.DecodeString(text); err != nil || len(raw) != 32 || strings.ToLower(text) != text {
			return errors.New("not 64 lower-case hexadecimal digits")
		}
	}
	return nil
}

// checkStore repeats nothing of the text but its scheme, either. The store itself reads
// the rest of an address.
func checkStore(text string) error {
	const server = "postgres://user:password@host:5432/database"
	const stores = "sqlite:/var/lib/kazoolab.db, sqlite::memory: or " + server
	scheme, rest, _ := strings.Cut(text, ":")
	switch {
	case scheme == "sqlite" && rest != "":
		return nil
	case scheme == "postgres", scheme == "postgresql":
	default:
		return errors.New(wrongScheme(text, "sqlite: or postgres://") + "; write " + stores)
	}
	if u, err := url.Parse(text); err != nil || (u.Host == "" && !u.Query().Has("host")) {
		return errors.New("not an address such as " + server + ", with a number as port and %2F for / in a password")
	}
	return nil
}

// checkAMQP repeats nothing of the text but its scheme: what stands where the port
// should may be the rest of a password with a slash in it.
func checkAMQP(text string) error {
	const example = "amqp://user:password@host:5672/vhost"
	u, err := url.Parse(text)
	switch {
	case !strings.Contains(text, "://"), err == nil && u.Scheme != "amqp" && u.Scheme != "amqps":
		return errors.New(wrongScheme(text, "amqp:// or amqps://") + "; write it as " + example)
	case err != nil || u.Host == "":
		return errors.New("not an address such as " + example + ", with a number as port and %2F for / in a password")
	}
	if port := u.Port(); port != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return errors.New("the port is no number from 1 to 65535; write " + example + ", or no port for the usual one")
		}
	}
	return nil
}

// wrongScheme says how a text begins that should begin otherwise.
func wrongScheme(text, wanted string) string {
	if u, err := url.Parse(text); err == nil && u.Scheme != "" && u.Host != "" {
		return "it begins with " + u.Scheme + "://, not with " + wanted
	}
	return "it does not begin with " + wanted
}

// mask returns text fit for showing.
func (s Setting) mask(text string) string {
	switch s.tag.Get("secret") {
	case "yes":
		if text != "" {
			return "***"
		}
	case "url":
		return MaskURL(text)
	}
	return text
}

// MaskURL hides the passwords in a URL; text that is none is returned as it is.
func MaskURL(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text
	}
	// Cut by hand: a URL too broken to parse may still hold a password.
	authority, path, slash := strings.Cut(rest, "/")
	at := strings.LastIndexByte(authority, '@')
	if user, _, has := strings.Cut(authority[:max(at, 0)], ":"); has {
		authority = user + ":***" + authority[at:]
	}
	if slash {
		authority += "/" + path
	}
	return scheme + "://" + maskQuery(authority)
}

// maskQuery hides what PostgreSQL takes as a password beside other parameters.
func maskQuery(rest string) string {
	before, query, _ := strings.Cut(rest, "?")
	parameters := strings.Split(query, "&")
	for i, parameter := range parameters {
		if name, _, ok := strings.Cut(parameter, "="); ok && strings.HasSuffix(name, "password") {
			parameters[i] = name + "=***"
		}
	}
	if query == "" {
		return rest
	}
	return before + "?" + strings.Join(parameters, "&")
}

// ParseNetwork reads a network, or an address as a network of one.
func ParseNetwork(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		return netip.ParsePrefix(text)
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(address, address.BitLen()), nil
}
