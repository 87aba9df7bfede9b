package crossbar

import (
	"encoding/json"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// csv writes a list, or a single document, one line a row. The header names every
// member that any row has, in the order of their appearance.
func csv(data any) []byte {
	rows, ok := data.([]any)
	if !ok {
		rows = []any{data}
	}
	var names []string
	seen := map[string]bool{}
	flat := make([]map[string]string, len(rows))
	for i, row := range rows {
		flat[i] = map[string]string{}
		flatten("", row, func(name, value string) {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
			flat[i][name] = value
		})
	}
	var b strings.Builder
	line := func(cell func(name string) string) {
		for i, name := range names {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(cell(name), `"`, `""`) + `"`)
		}
		b.WriteString("\r\n")
	}
	line(func(name string) string {
		if name == "id" {
			return "ID" // as the reference spells it
		}
		return name
	})
	for _, row := range flat {
		line(func(name string) string { return row[name] })
	}
	return []byte(b.String())
}

func flatten(prefix string, value any, emit func(name, value string)) {
	object, ok := value.(jobj.Object)
	if !ok {
		emit(strings.TrimSuffix(prefix, "."), cellText(value))
		return
	}
	for _, m := range object {
		flatten(prefix+m.Key+".", m.Value, emit)
	}
}

func cellText(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	case json.Number:
		return value.String()
	}
	return string(jobj.Append(nil, value))
}
