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
	}
	reg.MustRegister(m.events, m.drops, m.tries, m.latency, m.inFlight, m.deliveries,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "kazoolab_webhook_hooks", Help: "Live hooks.",
		}, hooks))
	return m
}
