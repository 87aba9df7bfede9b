package judge

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// exchangeTypes are the reference's exchanges (kz_amqp.hrl, kapi_fax, kapi_im,
// kapi_metaflow, kapi_cdr).
func exchangeTypes() map[string]string {
	types := map[string]string{"callctl": "direct", "targeted": "direct", "nodes": "fanout"}
	for name := range strings.FieldsSeq(`callevt callmgr configuration notifications conference presence registrar faxes
		im metaflow sysconf kapps cdr resources bookkeepers tasks leader monitor`) {
		types[name] = "topic"
	}
	return types
}

// Exchange is an exchange as it was declared.
type Exchange struct {
	Name, Type                    string
	Durable, AutoDelete, Internal bool
	Arguments                     map[string]any
}

// CheckExchange checks one that stands on the broker. One that the reference does not
// have is no finding: others may use the same virtual host.
func CheckExchange(e Exchange) []Finding {
	want, known := exchangeTypes()[e.Name]
	if !known {
		return nil
	}
	const (
		rule   = "exchange.declaration"
		source = "kz_amqp_util:new_exchange/3"
	)
	var found []Finding
	for _, c := range []struct{ field, saw, want string }{
		{"type", e.Type, want},
		{"durable", fmt.Sprint(e.Durable), "false"},
		{"auto_delete", fmt.Sprint(e.AutoDelete), "false"},
		{"internal", fmt.Sprint(e.Internal), "false"},
		{"arguments", fmt.Sprint(slices.Sorted(maps.Keys(e.Arguments))), "[]"},
	} {
		if c.saw != c.want {
			found = append(found, Finding{Rule: rule, Source: source, Field: e.Name + " " + c.field, Saw: c.saw, Want: c.want})
		}
	}
	return found
}
