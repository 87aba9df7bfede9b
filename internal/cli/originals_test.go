package cli_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/runfile"
	"github.com/kazoolab/kazoolab/simulator/capture"
	"github.com/kazoolab/kazoolab/simulator/capture/pseudonyms"
)

// words are what text is searched by: in small letters, words of four letters and digits at
// least, and what dots join.
func words(text string) map[string]bool {
	found := map[string]bool{}
	inWord := func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	for dotted := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return r != '.' && r != '-' && !inWord(r) }) {
		if dotted = strings.Trim(dotted, ".-"); strings.Contains(dotted, ".") {
			found[dotted] = true
		}
		for word := range strings.FieldsFuncSeq(dotted, func(r rune) bool { return !inWord(r) }) {
			if len(word) >= 4 {
				found[word] = true
			}
		}
	}
	return found
}

// decoded is text, and what it is without percent-encoding, once and twice.
func decoded(text string) string {
	once, err := url.PathUnescape(text)
	if err != nil || once == text {
		return text
	}
	twice, err := url.PathUnescape(once)
	if err != nil {
		twice = ""
	}
	return text + " " + once + " " + twice
}

// originals are words that tell of somebody, and where each was found.
type originals map[string]string

func (o originals) add(where, text string) {
	for word := range words(decoded(text)) {
		if o[word] == "" && word != "example" { // of example.com
			o[word] = where + ": " + text
		}
	}
}

// addTelling is add without what tells of nobody: words of Kazoo's own, extensions, this
// machine, and by its form what is drawn, unless it is as long as the id of an account.
func (o originals) addTelling(where, text string) {
	for word := range words(decoded(text)) {
		numeric := strings.Trim(word, "0123456789") == ""
		drawn := strings.Trim(word, "0123456789abcdef") == "" && len(word) < 28 && !numeric && (len(word) == 4 || strings.ContainsAny(word, "0123456789"))
		aTime := numeric && len(word) == 11 && word[0] == '6' // in Gregorian seconds
		switch {
		case drawn, aTime, numeric && len(word) < 7, o[word] != "":
		case slices.Contains(strings.Fields(`freeswitch ecallmgr kamailio kazoo_apps mod_sofia callflow conference parking slot file example 127.0.0.1`), word):
		default:
			o[word] = where + ": " + text
		}
	}
}

// addAccounts adds all that accounts and their users are known by.
func (o originals) addAccounts(accounts []runfile.Account) {
	for _, a := range accounts {
		for _, text := range append([]string{a.ID, a.ID[4:], a.Name, a.Realm, a.APIKey}, a.Numbers...) {
			o.add("account", text)
		}
		for _, u := range a.Users {
			for _, text := range []string{u.ID, u.Name, u.Username, u.Password, u.Email} {
				o.add("user", text)
			}
		}
	}
}

// addMessages adds what stands in messages where somebody is named, and what looks like a
// number, an address or a host.
func (o originals) addMessages(t *testing.T, entries []capture.Entry) {
	t.Helper()
	named := regexp.MustCompile(`(?i)^((caller|callee|other-leg-caller|other-leg-callee|account|first|last|full|friendly)[-_](id[-_])?name|.*username|.*password|.*token|.*api[-_]key|.*email|.*pins?|.*realm|.*(caller|callee)[-_]id[-_]number)$`)
	telling := []*regexp.Regexp{
		regexp.MustCompile(`\+\d{7,15}\b|\b1?[2-9]\d{9}\b`),
		regexp.MustCompile(`[\pL\pN._+-]+@[\pL\pN._-]+`),
		regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`),
		regexp.MustCompile(`\b[\pL\pN-]+(?:\.[\pL\pN-]+)*\.(?:com|net|org)\b`),
		regexp.MustCompile(`\buser_\w+`),
	}
	seen := map[jobj.Member]bool{}
	for _, e := range entries {
		for _, m := range valuesOf(t, e.Message) {
			if seen[m] {
				continue
			}
			seen[m] = true
			value := decoded(fmt.Sprint(m.Value))
			for _, form := range telling {
				for _, text := range form.FindAllString(value, -1) {
					o.addTelling(m.Key, text)
				}
			}
			if named.MatchString(m.Key) {
				o.addTelling(m.Key, value)
			}
		}
	}
}

// valuesOf are all texts and numbers of a message, of its body and its headers; its key
// says nothing that they do not.
func valuesOf(t *testing.T, m capture.Message) jobj.Object {
	t.Helper()
	text, ok := capture.Unpack(m)
	body, err := jobj.Parse(text)
	if !ok || err != nil {
		t.Fatalf("%s %s cannot be read", m.Exchange, m.Key)
	}
	values := jobj.Object{{Key: "body", Value: body}}
	for name, header := range m.Headers {
		values = append(values, jobj.Member{Key: name, Value: fmt.Sprintf("%s", header)})
	}
	return flat(values)
}

// addReplaced adds the words that were replaced anywhere: what tells of somebody in one
// place does so in each. Texts are full of words that others use, too.
func (o originals) addReplaced(t *testing.T, entries []capture.Entry) {
	t.Helper()
	p := pseudonyms.New(secretKey)
	seen := map[string]bool{}
	for _, e := range entries {
		is := valuesOf(t, p.Message(e.Message))
		for i, was := range valuesOf(t, e.Message) {
			before, after := fmt.Sprint(was.Value), fmt.Sprint(is[i].Value)
			if before == after || strings.HasPrefix(after, "lore") || seen[before+after] {
				continue
			}
			seen[before+after] = true
			kept := words(decoded(after))
			for word := range words(decoded(before)) {
				if !kept[word] {
					o.addTelling(was.Key, word)
				}
			}
		}
	}
}

// foundIn are those that stand in the file of a capture, unpacked and decoded.
func (o originals) foundIn(t *testing.T, name string) (found []string) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewReader(unpacked); ; {
		line, err := lines.ReadString('\n')
		for word := range words(decoded(line)) {
			if where := o[word]; where != "" {
				found = append(found, word+", "+where)
			}
		}
		if err != nil {
			slices.Sort(found)
			return slices.Compact(found)
		}
	}
}
