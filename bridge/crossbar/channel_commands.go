package crossbar

import (
	"context"
	"net/http"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// commandChannel is POST: one thing that is done to a call now. The switch that has
// the call acts; nobody says whether it did.
func (h *handler) commandChannel(ctx context.Context, req *request) (outcome, error) {
	channel, err := h.channel(ctx, req)
	if err != nil {
		return outcome{}, err
	}
	action, _ := req.given("action")
	name, _ := action.(string)
	var data jobj.Object
	switch name {
	case "transfer":
		data, err = req.transfer(channel)
	case "hangup", "break":
		data = jobj.Object{}
	case "callflow":
		data = req.parameters("id", "captures", "collected")
	case "intercept":
		data, err = req.intercept()
	default:
		req.hint("action must be transfer, hangup, break, callflow or intercept; PUT runs others as a metaflow")
		err = invalidData()
	}
	if err != nil {
		return outcome{}, err
	}
	o := outcome{data: name + " initiated"}
	o.commit = func(ctx context.Context) (outcome, error) {
		return o, h.tell(ctx, req, kapi.MetaflowAction(), jobj.Object{
			{Key: "Call-ID", Value: req.arg(0)}, {Key: "Action", Value: name}, {Key: "Data", Value: data},
		})
	}
	return o, nil
}

// invalidData is crossbar_util:response_invalid_data/2 before there is a document.
func invalidData() *fault { return &fault{status: http.StatusBadRequest, message: "invalid data"} }

// given is a request value that is not null.
func (r *request) given(name string) (any, bool) {
	value, ok := r.value(name)
	return value, ok && value != nil
}

// parameters are those of the named request values that are given.
func (r *request) parameters(names ...string) jobj.Object {
	data := jobj.Object{}
	for _, name := range names {
		if value, ok := r.given(name); ok {
			data = append(data, jobj.Member{Key: name, Value: value})
		}
	}
	return data
}

// transfer spells transfer-type with a hyphen, where metaflows have an underscore.
func (r *request) transfer(channel jobj.Object) (jobj.Object, error) {
	if channel.String("other_leg_call_id") == "" {
		return nil, violation("other_leg_call_id", "required", "Channel is not bridged")
	}
	data := r.parameters("target", "transfer-type", "moh")
	if !data.Has("target") {
		return nil, violation("target", "required", "No target destination specified")
	}
	if !data.Has("transfer-type") {
		data = data.Set("transfer-type", "blind")
	}
	return data, nil
}

func (r *request) intercept() (jobj.Object, error) {
	data := r.parameters("target_type", "target_id", "unbridged_only")
	switch {
	case !data.Has("target_type"):
		return nil, violation("target_type", "required", "No target type specified")
	case !data.Has("target_id"):
		return nil, violation("target_id", "required", "No target id specified")
	}
	return data, nil
}

// runMetaflow is PUT: a flow for the call to run.
func (h *handler) runMetaflow(ctx context.Context, req *request) (outcome, error) {
	if _, err := h.channel(ctx, req); err != nil {
		return outcome{}, err
	}
	if req.action() != "metaflow" {
		req.hint("action must be metaflow")
		return outcome{}, invalidData()
	}
	flow, err := h.checkMetaflow(req)
	if err != nil {
		return outcome{}, err
	}
	o := outcome{data: "metaflow sent"}
	o.commit = func(ctx context.Context) (outcome, error) {
		return o, h.tell(ctx, req, kapi.MetaflowFlow(), jobj.Object{
			{Key: "Flow", Value: flow}, {Key: "Call-ID", Value: req.arg(0)},
		})
	}
	return o, nil
}

// action is looked for in the envelope, then in data
// (cb_modules_util:get_request_action/1).
func (r *request) action() string {
	if action := r.envelope.String("action"); action != "" {
		return action
	}
	return r.object().String("action")
}
