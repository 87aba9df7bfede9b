package crossbar

import (
	"context"
	"net/http"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// ledgersFamily is cb_ledgers of accounts that never spend anything. Monster UI asks
// for the total after each login, and shows an error without.
func (h *handler) ledgersFamily() family {
	answer := func(data any) []operation {
		return []operation{{method: http.MethodGet, within: func(context.Context, *request) (outcome, error) { return outcome{data: data}, nil }}}
	}
	return family{name: "ledgers", clauses: []clause{
		{operations: answer(jobj.Object{})},
		{args: []string{"total"}, operations: answer(jobj.Object{{Key: "amount", Value: 0}})},
		{args: []string{"available"}, operations: answer([]any{})},
		{args: []string{"credit"}, operations: absentOperations([]string{http.MethodPut})},
		{args: []string{"debit"}, operations: absentOperations([]string{http.MethodPut})},
		{args: []string{"*"}, operations: answer([]any{})},
		{args: []string{"*", "*"}, operations: absentOperations([]string{http.MethodGet})},
	}}
}

// limitsFamily is cb_limits of an account that has no limits of its own: the defaults
// of Kazoo's schema, as it answers itself then. They cannot be changed.
func (h *handler) limitsFamily() family {
	get := func(context.Context, *request) (outcome, error) {
		return outcome{data: jobj.Object{
			{Key: "id", Value: "limits"},
			{Key: "allow_prepay", Value: true},
			{Key: "authz_resource_types", Value: []any{}},
		}}, nil
	}
	return family{name: "limits", clauses: []clause{{operations: append(absentOperations([]string{http.MethodPost}), operation{method: http.MethodGet, within: get})}}}
}
