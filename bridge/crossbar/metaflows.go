package crossbar

import (
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// checkMetaflow is the flow of a request, with its defaults. In the dialect of the
// talk it may also stand one object deeper, as the talk and the reference's own
// documentation print it.
func (h *handler) checkMetaflow(req *request) (jobj.Object, error) {
	data := req.data
	if inner := req.object().Object("data"); h.Dialect == fidelity.Talk && !req.object().Has("module") && inner.Has("module") {
		data = inner
	}
	flow, err := check(h.flowForm, data)
	if err != nil && !req.object().Has("module") {
		req.hint(`name a module: {"action":"metaflow","data":{"module":"hangup"}}`)
	}
	return flow, err
}
