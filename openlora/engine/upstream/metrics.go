package upstream

import "github.com/prometheus/client_golang/prometheus"

var _ prometheus.Collector = (*Fleet)(nil)

func description(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("openlorad_upstream_"+name, help, labels, nil)
}

var (
	upDesc       = description("up", "whether a model server answers: 1 or 0", "upstream")
	flyingDesc   = description("in_flight", "answers that a model server is making", "upstream")
	answersDesc  = description("answers_total", "answers that a model server has made", "upstream")
	failuresDesc = description("failures_total",
		"answers that a model server has failed to make, or was too busy for", "upstream")
	loadsDesc     = description("adapter_loads_total", "adapters that a model server was told to load", "upstream")
	adaptersDesc  = description("adapters", "adapters that a model server has, as far as is known", "upstream")
	failoversDesc = description("failovers_total", "answers for which another model server was asked after one had failed")
)

// Describe implements prometheus.Collector.
func (*Fleet) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{upDesc, flyingDesc, answersDesc, failuresDesc, loadsDesc, adaptersDesc,
		failoversDesc} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (f *Fleet) Collect(to chan<- prometheus.Metric) {
	for _, m := range f.members {
		m.mu.Lock()
		up := 1.0
		if m.down {
			up = 0
		}
		has := 0
		for _, there := range m.has {
			if there {
				has++
			}
		}
		gauges := map[*prometheus.Desc]float64{upDesc: up, flyingDesc: float64(m.flying), adaptersDesc: float64(has)}
		counters := map[*prometheus.Desc]float64{answersDesc: float64(m.answers), failuresDesc: float64(m.failures),
			loadsDesc: float64(m.loads)}
		m.mu.Unlock()
		for d, value := range gauges {
			to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, m.Name())
		}
		for d, value := range counters {
			to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, value, m.Name())
		}
	}
	to <- prometheus.MustNewConstMetric(failoversDesc, prometheus.CounterValue, float64(f.failovers.Load()))
}
