package schema

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// bound is a number that limits something.
type bound struct {
	text  string
	value float64
}

func limit(n node, keyword string) (bound, bool) {
	number, ok := n.rules[keyword].(json.Number)
	if !ok {
		return bound{}, false
	}
	value, _ := number.Float64() // infinite beyond every float
	return bound{number.String(), value}, true
}

func (c *checker) checkText(n node, text string) {
	length := float64(utf8.RuneCountInString(text))
	if least, ok := limit(n, "minLength"); ok && length < least.value {
		c.add(n, "minLength", "String must be at least "+least.text+" characters", least.member(), cause(text), valueOf(text))
	}
	if most, ok := limit(n, "maxLength"); ok && length > most.value {
		c.add(n, "maxLength", "String must not be more than "+most.text+" characters", most.member(), cause(text), valueOf(text))
	}
	if pattern, ok := n.rules["pattern"].(string); ok && !n.patterns[pattern].MatchString(text) {
		c.add(n, "pattern", "Failed to match pattern '"+pattern+"'", target(pattern), valueOf(text))
	}
	if format, ok := n.rules["format"].(string); ok && !hasFormat(format, text) {
		c.add(n, "wrong_format", "Field is not in the correct format", valueOf(text), member("format", format))
	}
}

// hasFormat knows the formats that the reference looks at; others always fit.
func hasFormat(format, text string) bool {
	switch format {
	case "email":
		name, host, ok := strings.Cut(text, "@")
		return ok && name != "" && host != "" && !strings.Contains(host, "@")
	case "date-time":
		_, err := time.Parse(time.RFC3339, text)
		return err == nil
	case "ipv4", "ipv6":
		address, err := netip.ParseAddr(text)
		return err == nil && address.Is4() == (format == "ipv4")
	}
	return true
}

func (c *checker) checkNumber(n node, value any) {
	number, ok := value.(json.Number)
	if !ok {
		return
	}
	have, _ := number.Float64() // infinite beyond every float
	if least, ok := limit(n, "minimum"); ok && have < least.value {
		c.add(n, "minimum", "Value must be at least "+least.text, least.member(), valueOf(value))
	}
	if most, ok := limit(n, "maximum"); ok && have > most.value {
		c.add(n, "maximum", "Value must be at most "+most.text, most.member(), valueOf(value))
	}
}

// isExpression says whether a text may be an expression of the reference's. It knows
// some that Go does not, which pass.
func isExpression(text string) bool {
	_, err := regexp.Compile(text)
	return err == nil || strings.Contains(text, "(?") || backReference.MatchString(text)
}

var backReference = regexp.MustCompile(`\\[1-9]`)

// isInteger tells numbers written without a point or an exponent.
func isInteger(number json.Number) bool { return !strings.ContainsAny(number.String(), ".eE") }

// typeNames is how a type, or several, stand in a message.
func typeNames(wanted any) string {
	switch wanted := wanted.(type) {
	case string:
		return wanted
	case []any:
		names := make([]string, len(wanted))
		for i, one := range wanted {
			names[i], _ = one.(string)
		}
		return strings.Join(names, ", ")
	}
	return strconv.Quote("")
}
