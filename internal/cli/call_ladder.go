package cli

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// ladder draws what goes on the bus: a column for each leg, a line for each message.
type ladder struct {
	*app

	now   func() time.Time
	began time.Time
	legs  []rung
}

// rung is a leg and its column.
type rung struct {
	callID string
	over   bool
}

// columnWidth holds the longest Event-Name of a leg, CHANNEL_EXECUTE_COMPLETE.
const columnWidth = 26

// add draws one message.
func (l *ladder) add(e pbx.Event) {
	fields := e.Fields()
	after := shortest(l.now().Sub(l.began))
	i := l.column(e)
	if i < 0 {
		l.printf("%9s  %s%s\n", after, l.bars(len(l.legs)), e.Category()+" "+subject(e))
		return
	}
	line := l.bars(i) + e.Name()
	if other := l.find(partnerOf(fields)); other > i && e.Name() == kapi.ChannelBridge {
		line += " " + strings.Repeat("-", (other-i)*columnWidth-len(e.Name())-2) + ">"
	}
	l.printf("%9s  %s\n", after, line)
	if e.Name() == kapi.ChannelDestroy {
		l.legs[i].over = true
	}
}

// remark is a line about the call that is none of the bus.
func (l *ladder) remark(text string) {
	l.printf("%9s  %s%s\n", shortest(l.now().Sub(l.began)), l.bars(len(l.legs)), clean(text))
}

// column is the one of the leg that a message is about; a new one for a new leg, and -1
// for what is about none.
func (l *ladder) column(e pbx.Event) int {
	if e.Category() != kapi.CategoryCallEvent {
		return -1
	}
	if i := l.find(e.CallID()); i >= 0 || e.Name() != kapi.ChannelCreate {
		return i
	}
	l.legs = append(l.legs, rung{callID: e.CallID()})
	fields := e.Fields()
	who := strings.TrimSpace(fields.String("Caller-ID-Name") + " " + fields.String("Caller-ID-Number"))
	if fields.String("Call-Direction") == "outbound" {
		who = strings.TrimSpace(fields.String("Callee-ID-Name") + " " + fields.String("Callee-ID-Number"))
	}
	l.printf("%9s  %s%s\n", "", l.bars(len(l.legs)-1), l.paint(bold, clean(who))+"  "+e.CallID())
	return len(l.legs) - 1
}

func (l *ladder) find(callID string) int {
	return slices.IndexFunc(l.legs, func(r rung) bool { return callID != "" && r.callID == callID })
}

func partnerOf(fields jobj.Object) string { return fields.String("Other-Leg-Call-ID") }

// bars are the first columns of a line in which nothing is said.
func (l *ladder) bars(n int) string {
	var line strings.Builder
	for _, r := range l.legs[:n] {
		bar := "|"
		if r.over {
			bar = " "
		}
		line.WriteString(bar + strings.Repeat(" ", columnWidth-1))
	}
	return line.String()
}

// subject is what a message is about that is of no leg.
func subject(e pbx.Event) string {
	fields := e.Fields()
	for _, field := range []string{"Event", "Status", "State", "Type"} {
		if text := fields.String(field); text != "" {
			return e.Name() + " " + clean(text)
		}
	}
	return e.Name()
}

// outcomes lists what the bridge's webhooks made of the legs' events.
func (l *ladder) outcomes(ctx context.Context, c *client) error {
	l.printf("\n%s\n", l.paint(bold, "What the webhooks made of it"))
	table := tabwriter.NewWriter(l.Stdout, 0, 0, 2, ' ', 0)
	for _, leg := range l.legs {
		envelope, err := c.do(ctx, http.MethodGet, "/kazoolab/events?"+url.Values{"call_id": {leg.callID}, "page_size": {"100"}}.Encode(), nil)
		if err != nil {
			return err
		}
		rows := listOf(envelope, "data")
		slices.Reverse(rows)
		for _, row := range rows {
			_, _ = table.Write([]byte("  " + clockTime(row.String("received")) + "\t" + eventTitle(row) + "\t" + eventOutcome(row) + "\n"))
		}
	}
	return table.Flush()
}
