package blackhole

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/bridge/blackhole/command"
)

// metrics are the hub's figures. Labels take values from closed lists only: never an
// account, a socket or what a client has sent.
type metrics struct {
	upgrades      *prometheus.CounterVec
	closes        *prometheus.CounterVec
	commands      *prometheus.CounterVec
	events        prometheus.Counter
	unreadable    prometheus.Counter
	unowned       prometheus.Counter
	frames        prometheus.Counter
	replayed      prometheus.Counter
	gaps          prometheus.Counter
	subscriptions prometheus.Gauge
	pivotRequests *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer, h *Hub) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "kazoolab_websockets_" + name, Help: help})
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kazoolab_websockets_" + name, Help: help}, labels)
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "kazoolab_websockets_" + name, Help: help}, value)
	}
	m := &metrics{
		upgrades:      counters("upgrades_total", "Requests for a socket, by the HTTP status they got.", "status"),
		closes:        counters("closed_total", "Sockets that ended, by reason; slow are those whose client read too slowly.", "reason"),
		commands:      counters("commands_total", "Commands of clients, by action and outcome.", "action", "outcome"),
		events:        counter("events_total", "Events taken from the queue of this node's sockets."),
		unreadable:    counter("unreadable_total", "Messages that could not be an event."),
		unowned:       counter("unowned_total", "First and last events of calls that name no account, to numbers that are nobody's: for no socket."),
		frames:        counter("frames_total", "Frames of live events put into sockets' queues."),
		replayed:      counter("replayed_total", "Frames of earlier events sent to clients that came back."),
		gaps:          counter("gaps_total", "Gaps that were announced to clients."),
		pivotRequests: counters("pivot_requests_total", "Requests of Pivot for sockets, by what became of them: sent, or busy or gone.", "outcome"),
		subscriptions: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "kazoolab_websockets_subscriptions", Help: "Bindings that sockets are subscribed to.",
		}),
	}
	reg.MustRegister(
		m.upgrades, m.closes, m.commands, m.events, m.unreadable, m.unowned, m.frames, m.replayed, m.gaps, m.subscriptions, m.pivotRequests,
		gauge("pivot_apps", "Applications that sockets have registered.", func() float64 { return float64(h.pivot.len()) }),
		gauge("open", "Open sockets.", func() float64 { return float64(h.Open()) }),
		gauge("broker_bindings", "Bindings of the queue of this node's sockets.", func() float64 { return float64(h.broker.len()) }),
		gauge("kept_events", "Events kept for clients that come back.", func() float64 {
			h.mu.Lock() // not for reading only: events are kept with that
			defer h.mu.Unlock()
			return float64(h.kept.buffer.Len())
		}),
	)
	return m
}

// closed counts the end of a socket.
func (m *metrics) closed(reason string) { m.closes.WithLabelValues(reason).Inc() }

// command counts a command. Actions that nobody knows are one.
func (m *metrics) command(action, outcome string) {
	switch action {
	case command.Subscribe, command.Unsubscribe, command.Ping, command.API, command.PivotRegister, command.PivotUnregister, command.PivotAnswer:
	default:
		action = "other"
	}
	m.commands.WithLabelValues(action, outcome).Inc()
}
