package scenario

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/form"
	"github.com/kazoolab/kazoolab/internal/suggest"
)

// commanded notes calls that a request is about: what becomes of them is not for the plan
// to know.
func (s *story) commanded(r *REST) {
	for _, m := range reference.FindAllStringSubmatch(r.Target, -1) {
		if l := s.calls[m[1]]; l != nil && strings.HasPrefix(r.Target, "/channels/") && r.Method != http.MethodGet {
			l.commanded = true
		}
	}
}

// send plans a command over a websocket.
func (s *story) send(d *Send) {
	path, scope := s.act.Path, s.act.scope
	d.Socket = s.which(path, "socket", d.Socket, aSocket)
	d.Subscribe, d.Unsubscribe = slices.Clone(d.Subscribe), slices.Clone(d.Unsubscribe) // a repeat has others each time
	for _, bindings := range []struct {
		field string
		list  []string
	}{{"subscribe", d.Subscribe}, {"unsubscribe", d.Unsubscribe}} {
		for i, binding := range bindings.list {
			at := fmt.Sprintf("%s.%s[%d]", path, bindings.field, i)
			s.binding(at, binding)
			bindings.list[i] = s.references(at, binding, scope)
		}
	}
	if a := d.API; a != nil {
		d.Request = &REST{Get: a.Get, Put: a.Put, Post: a.Post, Patch: a.Patch, Delete: a.Delete, Body: a.Body}
		if i := slices.IndexFunc(s.file.Sockets, func(e form.Entry[Socket]) bool { return e.Name == d.Socket }); i >= 0 {
			d.Request.Account = s.file.Sockets[i].Value.Account
		}
		s.request(path+".api", d.Request, scope)
		s.commanded(d.Request)
	}
	if d.Frame != nil {
		d.Frame, _ = s.filled(path+".frame", d.Frame, scope).(jobj.Object)
	}
	if d.Status == "" {
		d.Status = "success"
	}
	d.Wants = s.wants(path, d.Data, scope)
}

// binding checks one of a websocket.
func (p *planner) binding(path, binding string) {
	families := []string{"call", "object", "fax", "conference", "presence", "notifications", "doc_created", "doc_edited", "doc_deleted"}
	family, _, _ := strings.Cut(binding, ".")
	if !slices.Contains(families, family) {
		p.wrong(path, "%q is no binding: they begin with one of %s%s", binding, strings.Join(families, ", "), suggest.Hint(family, families))
	}
}
