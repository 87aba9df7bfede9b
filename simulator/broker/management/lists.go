package management

import (
	"net/http"

	"github.com/kazoolab/kazoolab/simulator/broker"
	"github.com/kazoolab/kazoolab/simulator/broker/vhost"
)

// overview counts everything, as RabbitMQ's front page does.
func (a api) overview(w http.ResponseWriter, _ *http.Request) {
	memory := a.broker.Memory()
	o := overviewJSON{
		ProductName: broker.Product, ProductVersion: a.broker.Version(), ManagementVersion: a.broker.Version(), RabbitMQVersion: broker.Follows,
		ClusterName: broker.ClusterName, Node: broker.ClusterName, Uptime: a.broker.Uptime().Milliseconds(),
		Memory: memoryJSON{Used: memory.Used, Limit: memory.Limit, Alarm: memory.Alarm},
	}
	o.Objects.Connections = len(a.broker.Connections())
	for _, v := range a.broker.Vhosts() {
		view := v.View()
		o.Objects.Exchanges += len(view.Exchanges)
		o.Objects.Queues += len(view.Queues)
		o.Objects.Consumers += len(view.Consumers)
		o.Objects.Channels += view.Channels
		for _, q := range view.Queues {
			o.Totals.add(q)
			o.Stats.add(q.Counts)
		}
	}
	answer(w, http.StatusOK, o)
}

// list answers with what each virtual host of the path has.
func list[T any](a api, w http.ResponseWriter, r *http.Request, of func(*vhost.Vhost) []T) {
	found, ok := a.found(w, r)
	if !ok {
		return
	}
	all := []T{}
	for _, v := range found {
		all = append(all, of(v)...)
	}
	answer(w, http.StatusOK, all)
}

func (a api) queues(w http.ResponseWriter, r *http.Request) {
	list(a, w, r, func(v *vhost.Vhost) []queueJSON {
		return each(v.View().Queues, func(q vhost.QueueView) queueJSON { return newQueueJSON(v.Name(), q) })
	})
}

func (a api) queue(w http.ResponseWriter, r *http.Request) {
	one(a, w, r, func(v *vhost.Vhost, name string) (any, bool) {
		for _, q := range v.View().Queues {
			if q.Name == name {
				return newQueueJSON(v.Name(), q), true
			}
		}
		return nil, false
	})
}

// one answers with what the virtual host of the path has of the name in the path.
func one(a api, w http.ResponseWriter, r *http.Request, find func(v *vhost.Vhost, name string) (any, bool)) {
	found, ok := a.found(w, r)
	if !ok {
		return
	}
	shape, ok := find(found[0], value(r, "name"))
	if !ok {
		notFound(w)
		return
	}
	answer(w, http.StatusOK, shape)
}

func (a api) exchanges(w http.ResponseWriter, r *http.Request) {
	list(a, w, r, func(v *vhost.Vhost) []exchangeJSON {
		return each(v.View().Exchanges, func(x vhost.ExchangeView) exchangeJSON { return newExchangeJSON(v.Name(), x) })
	})
}

func (a api) exchange(w http.ResponseWriter, r *http.Request) {
	one(a, w, r, func(v *vhost.Vhost, name string) (any, bool) {
		for _, x := range v.View().Exchanges {
			if x.Name == name {
				return newExchangeJSON(v.Name(), x), true
			}
		}
		return nil, false
	})
}

func (a api) bindings(w http.ResponseWriter, r *http.Request) {
	list(a, w, r, func(v *vhost.Vhost) []bindingJSON {
		return each(v.View().Bindings, func(b vhost.BindingView) bindingJSON { return newBindingJSON(v.Name(), b) })
	})
}

func (a api) bindingsOfQueue(w http.ResponseWriter, r *http.Request) {
	list(a, w, r, func(v *vhost.Vhost) []bindingJSON {
		var own []bindingJSON
		for _, b := range v.View().Bindings {
			if !b.ToExchange && b.Destination == value(r, "name") {
				own = append(own, newBindingJSON(v.Name(), b))
			}
		}
		return own
	})
}

func (a api) consumers(w http.ResponseWriter, r *http.Request) {
	names := map[*vhost.Session]string{}
	for _, c := range a.broker.Connections() {
		names[c.Session] = c.Name
	}
	list(a, w, r, func(v *vhost.Vhost) []consumerJSON {
		return each(v.View().Consumers, func(c vhost.ConsumerView) consumerJSON { return newConsumerJSON(v.Name(), c, names[c.Session]) })
	})
}

func each[A, B any](all []A, convert func(A) B) []B {
	converted := make([]B, len(all))
	for i, one := range all {
		converted[i] = convert(one)
	}
	return converted
}
