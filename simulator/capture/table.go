package capture

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// appendTable writes headers. Text, truth, nothing and lists are those of JSON; any
// other value is an object of one member, which is named for its type, since AMQP has
// more types than JSON and a listener may look at them.
func appendTable(dst []byte, table map[string]any) ([]byte, error) {
	dst = append(dst, '{')
	for i, name := range slices.Sorted(maps.Keys(table)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jobj.AppendString(dst, strings.ToValidUTF8(name, replacement)), ':')
		var err error
		if dst, err = appendField(dst, table[name]); err != nil {
			return nil, fmt.Errorf("header %q: %w", name, err)
		}
	}
	return append(dst, '}'), nil
}

func appendField(dst []byte, value any) ([]byte, error) {
	typed := func(name string, text []byte) ([]byte, error) {
		dst = append(dst, '{', '"')
		dst = append(dst, name...)
		dst = append(dst, '"', ':')
		return append(append(dst, text...), '}'), nil
	}
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return appendText(dst, v), nil
	case []byte:
		return typed("bytes", appendText(nil, string(v)))
	case amqp.Table:
		text, err := appendTable(nil, v)
		if err != nil {
			return nil, err
		}
		return typed("table", text)
	case []any:
		return appendList(dst, v)
	case time.Time:
		return typed("time", strconv.AppendInt(nil, v.Unix(), 10))
	case amqp.Decimal:
		return typed("decimal", fmt.Appendf(nil, `[%d,%d]`, v.Scale, v.Value))
	}
	if name, text := number(value); name != "" {
		return typed(name, text)
	}
	return nil, fmt.Errorf("%T is no type of AMQP", value)
}

func appendList(dst []byte, list []any) ([]byte, error) {
	dst = append(dst, '[')
	for i, element := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendField(dst, element); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// number is the name of a number's type and its text. A float is written with its bits,
// so that it is read as it was, whatever it is.
func number(value any) (name string, text []byte) {
	switch v := value.(type) {
	case byte:
		return "uint8", strconv.AppendUint(nil, uint64(v), 10)
	case uint16:
		return "uint16", strconv.AppendUint(nil, uint64(v), 10)
	case uint32:
		return "uint32", strconv.AppendUint(nil, uint64(v), 10)
	case int8:
		return "int8", strconv.AppendInt(nil, int64(v), 10)
	case int16:
		return "int16", strconv.AppendInt(nil, int64(v), 10)
	case int32:
		return "int32", strconv.AppendInt(nil, int64(v), 10)
	case int64:
		return "int64", strconv.AppendInt(nil, v, 10)
	case int:
		return "int64", strconv.AppendInt(nil, int64(v), 10)
	case float32:
		return "float32_bits", strconv.AppendUint(nil, uint64(math.Float32bits(v)), 10)
	case float64:
		return "float64_bits", strconv.AppendUint(nil, math.Float64bits(v), 10)
	}
	return "", nil
}

func parseTable(raw json.RawMessage) (amqp.Table, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, syntax(err)
	}
	table := amqp.Table{}
	for name, raw := range members {
		value, err := parseField(raw)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		table[name] = value
	}
	return table, nil
}

func parseField(raw json.RawMessage) (any, error) {
	switch raw[0] {
	case '[':
		var elements []json.RawMessage
		if err := json.Unmarshal(raw, &elements); err != nil {
			return nil, syntax(err)
		}
		list := make([]any, len(elements))
		for i, element := range elements {
			var err error
			if list[i], err = parseField(element); err != nil {
				return nil, err
			}
		}
		return list, nil
	case '{':
		var typed map[string]json.RawMessage
		if err := json.Unmarshal(raw, &typed); err != nil {
			return nil, syntax(err)
		}
		if len(typed) == 1 {
			for name, value := range typed {
				return parseTyped(name, value)
			}
		}
	case '"', 't', 'f', 'n':
		var value any
		err := json.Unmarshal(raw, &value)
		return value, err
	}
	return nil, errors.New(`a value is text, true, false, null, a list, or an object of one member that names its type, such as {"int32": 7}`)
}

func parseTyped(name string, raw json.RawMessage) (any, error) {
	read := func(into any) error {
		if err := json.Unmarshal(raw, into); err != nil {
			return fmt.Errorf("%s is no %s", raw, name)
		}
		return nil
	}
	switch name {
	case "bytes":
		s, err := parseText(raw)
		return []byte(s), err
	case "base64":
		var b []byte
		err := read(&b)
		return string(b), err
	case "table":
		return parseTable(raw)
	case "time":
		var seconds int64
		err := read(&seconds)
		return time.Unix(seconds, 0), err
	case "decimal":
		var parts [2]int32
		if err := read(&parts); err != nil || parts[0] < 0 || parts[0] > math.MaxUint8 {
			return nil, fmt.Errorf("%s is no decimal, which is [scale, value]", raw)
		}
		return amqp.Decimal{Scale: uint8(parts[0]), Value: parts[1]}, nil //nolint:gosec // in its range, as was just seen
	}
	return parseNumber(name, read)
}

func parseNumber(name string, read func(any) error) (any, error) {
	switch name {
	case "uint8":
		return readAs[byte](read)
	case "uint16":
		return readAs[uint16](read)
	case "uint32":
		return readAs[uint32](read)
	case "int8":
		return readAs[int8](read)
	case "int16":
		return readAs[int16](read)
	case "int32":
		return readAs[int32](read)
	case "int64":
		return readAs[int64](read)
	case "float32_bits":
		bits, err := readAs[uint32](read)
		return math.Float32frombits(bits), err
	case "float64_bits":
		bits, err := readAs[uint64](read)
		return math.Float64frombits(bits), err
	}
	return nil, fmt.Errorf("%q is no type of AMQP", name)
}

func readAs[T any](read func(any) error) (value T, err error) {
	err = read(&value)
	return value, err
}
