package fidelity

import (
	"fmt"
	"strings"
)

// Page is the catalogue as a page to read, docs/quirks.md.
func Page() string {
	var b strings.Builder
	b.WriteString(`# Quirks of Kazoo, and what becomes of them

Kazoo has oddities that receivers and clients can see, and some that they have come to rely on. The setting ` + "`compat`" + ` says
what becomes of them:

* ` + "`kazoo`" + ` (the default) reproduces each that puts bytes on the wire. A receiver that works with Kazoo works here.
* ` + "`corrected`" + ` does what one would expect. Choose it when your receivers are new, or when they stumble over one of these.

The REST API answers as Kazoo's does in both, its oddities included, unless one is listed here. Crashes, holes and losses are in
neither: they are listed at the end, with what happens instead. Where the reference crashes over an
event that is delivered here, an attempt document names the quirk in ` + "`quirks`" + `.

` + "`kazoolab quirks`" + ` prints this catalogue, ` + "`kazoolab quirks ID`" + ` one entry of it. This page is made from the same data:
` + "`kazoolab quirks -o markdown > docs/quirks.md`" + `.

## Reproduced while ` + "`compat` is `kazoo`" + `
`)
	writeTables(&b, Keep, "| id | what you notice | `kazoo` | `corrected` | source |\n|---|---|---|---|---|\n", func(q Quirk) string {
		return fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", q.ID, q.Notices, q.Kazoo, q.Corrected, q.Source)
	})
	b.WriteString("\n## Never reproduced\n")
	writeTables(&b, Never, "| id | what Kazoo does | what happens here | source |\n|---|---|---|---|\n", func(q Quirk) string {
		here := q.Kazoo
		if q.Corrected != same {
			here += "; `corrected`: " + q.Corrected
		}
		return fmt.Sprintf("| `%s` | %s | %s | %s |\n", q.ID, q.Notices, here, q.Source)
	})
	return b.String()
}

func writeTables(b *strings.Builder, class Class, head string, row func(Quirk) string) {
	area := Area("")
	for _, q := range Quirks() {
		if q.Class != class {
			continue
		}
		if q.Area != area {
			area = q.Area
			fmt.Fprintf(b, "\n### %s%s\n\n%s", strings.ToUpper(string(area[:1])), area[1:], head)
		}
		b.WriteString(row(q))
	}
}
