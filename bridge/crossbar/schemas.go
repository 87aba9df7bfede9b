package crossbar

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// schemasFamily is cb_schemas: what objects are checked against, for anyone to read.
func (h *handler) schemasFamily() family {
	return family{name: "schemas", clauses: []clause{
		{operations: []operation{{method: http.MethodGet, within: h.listSchemas, bare: h.listSchemas, open: true}}},
		{args: []string{"*"}, operations: []operation{{method: http.MethodGet, within: h.readSchema, bare: h.readSchema, open: true}}},
		{args: []string{"*", "validation"}, operations: []operation{{method: http.MethodPut, within: h.tryData, bare: h.tryData, superduper: true}}},
	}}
}

func (h *handler) listSchemas(_ context.Context, req *request) (outcome, error) {
	names := []any{}
	for _, name := range h.schemas.Names() {
		if req.flag("internals", false) || !strings.HasPrefix(name, "kapi.") {
			names = append(names, name)
		}
	}
	return outcome{data: names}, nil
}

func (h *handler) readSchema(_ context.Context, req *request) (outcome, error) {
	form, ok := h.schemas.Get(req.arg(0))
	if !ok {
		return outcome{}, badIdentifier(req.arg(0))
	}
	shown := form.Tree().Set("id", req.arg(0))
	digest := md5.Sum(jobj.Append(nil, shown))
	return outcome{data: shown, revision: "1-" + hex.EncodeToString(digest[:])}, nil
}

// tryData answers with data as they would be stored.
func (h *handler) tryData(_ context.Context, req *request) (outcome, error) {
	form, ok := h.schemas.Get(req.arg(0))
	if !ok {
		return outcome{}, systemFault(http.StatusInternalServerError, "schema "+req.arg(0)+" not found.", "schema "+req.arg(0)+" not found.")
	}
	body, err := check(form, req.data)
	return outcome{data: body}, err
}

// aboutFamily is cb_about.
func (h *handler) aboutFamily() family {
	return family{name: "about", clauses: []clause{{operations: []operation{
		{method: http.MethodGet, within: h.about, bare: h.about, superduper: true},
	}}}}
}

// about tells the version. The figures of the reference's runtime have no equal here.
func (h *handler) about(context.Context, *request) (outcome, error) {
	return outcome{data: jobj.Object{{Key: "version", Value: h.Version}}}, nil
}
