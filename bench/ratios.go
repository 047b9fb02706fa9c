package main

import "context"

// measureRatios compares what this run has measured: noise that hits the whole run leaves ratios as they are.
func measureRatios(_ context.Context, b *bench, s stream, note record) error {
	of := func(part, what string) float64 { return b.results.last(part, s.name, what) }
	ratio := func(what string, over, under float64) {
		if over > 0 && under > 0 {
			note(what, unitRatio, over/under)
		}
	}
	ratio("errata / Kafka engine, until consumed", of(partWhole, untilConsumed), of(partKafkaEngine, untilConsumed))
	ratio("errata / Kafka engine, until merged", of(partWhole, untilMerged), of(partKafkaEngine, untilMerged))
	ratio("errata / OpenTelemetry Collector, until consumed", of(partWhole, untilConsumed), of(partCollector, untilConsumed))
	parts := of("fetch", "ingester, nothing parsed or inserted") - of("fetch", "of that, an empty row into a block") +
		of("parse", "errata") + of("encode", "rows into a block") + of("insert", "client") + of("insert", "ClickHouse, until acknowledged")
	ratio("errata / sum of its parts, until consumed", of(partWhole, untilConsumed), parts)
	ratio("errata / sum of its parts and a merge pass, until merged", of(partWhole, untilMerged), parts+of("insert", "ClickHouse, one merge pass"))
	return nil
}
