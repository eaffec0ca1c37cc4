package watch

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/backstory-go/backstory/engine"
	"github.com/backstory-go/backstory/engine/postgres"
)

// metrics answers in Prometheus's text format.
func metrics(source Source) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(source), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 2 * lookTime})
}

// collector reads the numbers anew at every scrape.
type collector struct {
	source Source
	series map[string]*prometheus.Desc
}

// described are the metrics, with their labels. Dashboards and alerts rely on the names.
var described = []struct {
	name, help string
	labels     []string
}{
	{"head_position", "Position of the last event of the log.", nil},
	{"head_staleness_seconds", "For how long the head may have been standing although there is work: age of the oldest waiting command, or time without a live worker.", nil},
	{"consumer_lag_events", "Events of the log that the consumer has not handled.", []string{"consumer"}},
	{"consumer_lag_seconds", "Age of the first event that the consumer has not handled.", []string{"consumer"}},
	{"consumer_running", "1: live processes own the consumer.", []string{"consumer"}},
	{"parked", "Messages whose handling failed for good and that wait for somebody.", []string{"consumer"}},
	{"refold_given_up", "1: folding the projection or the reactor's states anew ended every process that tried, and is given up. It is served while something is folded anew.", []string{"consumer"}},
	{"commands_pending", "Commands that wait to be decided.", nil},
	{"commands_scheduled", "Commands that are not due yet.", nil},
	{"retries_total", "Handlings that failed and were tried again, by this process.", []string{"consumer"}},
	{"batch_size", "Appends and commands that shared a transaction of the log, by this process.", nil},
	{"workers", "Live processes that decide commands and feed consumers.", nil},
	{"loop_failing", "1: the loop of this process fails and is tried again, or is stuck.", []string{"loop"}},
	{"loop_failures_total", "Turns of the loop of this process that failed.", []string{"loop"}},
	{"database_up", "1: the database answered the last scrape.", nil},
	{"db_oldest_snapshot_seconds", "Age of the oldest transaction that holds back cleaning up.", nil},
	{"db_prepared_transactions", "Prepared transactions, which hold back cleaning up until somebody ends them.", nil},
}

func newCollector(source Source) *collector {
	c := &collector{source: source, series: map[string]*prometheus.Desc{}}
	for _, d := range described {
		c.series[d.name] = prometheus.NewDesc("backstory_"+d.name, d.help, d.labels, nil)
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.series {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	gauge := func(name string, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(c.series[name], prometheus.GaugeValue, value, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	stats, err := c.source.Stats(ctx)
	gauge("database_up", number(err == nil))
	if err == nil {
		c.stored(stats, gauge)
	} else if !stats.At.IsZero() { // nobody knows how the head stands: for all we know it stands
		gauge("head_staleness_seconds", (stats.HeadStaleness + time.Since(stats.At)).Seconds())
	}
	for _, l := range c.source.Health() {
		gauge("loop_failing", number(l.Status != postgres.LoopWorks), l.Name)
		out <- prometheus.MustNewConstMetric(c.series["loop_failures_total"], prometheus.CounterValue, float64(l.Failures), l.Name)
	}
	c.counted(out)
}

// stored are the numbers of the database, the same from every process.
func (c *collector) stored(s postgres.Stats, gauge func(name string, value float64, labels ...string)) {
	gauge("head_position", float64(s.Head))
	gauge("head_staleness_seconds", s.HeadStaleness.Seconds())
	gauge("workers", float64(s.Workers))
	gauge("commands_pending", float64(s.Pending))
	gauge("commands_scheduled", float64(s.Scheduled))
	gauge("parked", float64(s.Parked), engine.ConsumerCommands)
	for _, consumer := range s.Consumers {
		gauge("consumer_lag_events", float64(consumer.LagEvents), consumer.Name)
		gauge("consumer_lag_seconds", consumer.LagSeconds, consumer.Name)
		gauge("consumer_running", number(consumer.Status == engine.ConsumerRunning), consumer.Name)
		gauge("parked", float64(consumer.Parked), consumer.Name)
	}
	for _, b := range s.Builds {
		gauge("refold_given_up", number(b.GivenUp != ""), b.Projection)
	}
	gauge("db_oldest_snapshot_seconds", s.OldestSnapshot.Seconds())
	gauge("db_prepared_transactions", float64(s.PreparedTransactions))
}

// counted are the numbers of this process.
func (c *collector) counted(out chan<- prometheus.Metric) {
	counters := c.source.Counters()
	for consumer, n := range counters.Retries {
		out <- prometheus.MustNewConstMetric(c.series["retries_total"], prometheus.CounterValue, float64(n), consumer)
	}
	buckets, below := map[float64]uint64{}, uint64(0)
	for i, n := range counters.Batches.Buckets {
		below += uint64(n)
		buckets[float64(int(1)<<i)] = below
	}
	out <- prometheus.MustNewConstHistogram(c.series["batch_size"], uint64(counters.Batches.Count), float64(counters.Batches.Sum), buckets)
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
