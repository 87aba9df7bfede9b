package webhooks

import "github.com/prometheus/client_golang/prometheus"

// metrics are the engine's figures. Labels take values from closed lists only:
// never an account, hook or address.
type metrics struct {
	events     *prometheus.CounterVec
	drops      *prometheus.CounterVec
	tries      *prometheus.CounterVec
	latency    prometheus.Histogram
	inFlight   prometheus.Gauge
	deliveries prometheus.Gauge
	delivered  prometheus.Histogram

	parked, secured, abandoned prometheus.Counter
	backlog, backlogHooks      prometheus.Gauge
}

// newMetrics registers the figures; hooks counts the live ones.
func newMetrics(reg prometheus.Registerer, hooks func() float64) *metrics {
	m := &metrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kazoolab_webhook_events_total", Help: "Events taken from the work queue, by event.",
		}, []string{"event"}),
		drops: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kazoolab_webhook_dropped_total", Help: "Messages that could not be an event, by reason.",
		}, []string{"reason"}),
		tries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kazoolab_webhook_tries_total", Help: "Requests made to receivers, by outcome.",
		}, []string{"outcome"}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "kazoolab_webhook_request_seconds", Help: "Time of a request to a receiver.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 9), // 1 ms to 65 s
		}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "kazoolab_webhook_events_in_flight", Help: "Events taken and not yet acknowledged.",
		}),
		deliveries: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "kazoolab_webhook_deliveries_in_flight", Help: "Deliveries waiting, running or between two tries.",
		}),
		delivered: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "kazoolab_webhook_delivery_seconds", Help: "Time from taking an event to the answer that ended its delivery, parked ones left out.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 9), // 1 ms to 65 s
		}),
		parked: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "kazoolab_webhook_parked_total", Help: "Deliveries put aside in the store because their receiver is slow or silent.",
		}),
		secured: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "kazoolab_webhook_secured_total", Help: "Deliveries written to the store while they went on, since they took longer than a second.",
		}),
		abandoned: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "kazoolab_webhook_abandoned_total", Help: "Parked deliveries dropped because their hook was deleted.",
		}),
		backlog: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "kazoolab_webhook_backlog_deliveries", Help: "Deliveries parked in the store, of all nodes.",
		}),
		backlogHooks: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "kazoolab_webhook_backlog_hooks", Help: "Hooks with parked deliveries, of all nodes.",
		}),
	}
	reg.MustRegister(m.events, m.drops, m.tries, m.latency, m.inFlight, m.deliveries, m.delivered,
		m.parked, m.secured, m.abandoned, m.backlog, m.backlogHooks,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "kazoolab_webhook_hooks", Help: "Live hooks.",
		}, hooks))
	return m
}
