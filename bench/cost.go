package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// costOptions say what the cost of a record is measured against.
type costOptions struct {
	records    int           // of a backlog
	partitions numbers       // of a topic
	rates      numbers       // records a second
	time       time.Duration // that each rate lasts
	millions   numbers       // rows of the table
}

// numbers is a list as a flag; "none" is empty.
type numbers []int

func (n *numbers) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint([]int(*n)), " ", ","), "[]")
}

// Set implements flag.Value.
func (n *numbers) Set(list string) error {
	*n = nil
	if list == "none" {
		return nil
	}
	for text := range strings.SplitSeq(list, ",") {
		number, err := strconv.Atoi(text)
		if err != nil || number < 0 {
			return fmt.Errorf("%q is not a number", text)
		}
		*n = append(*n, number)
	}
	return nil
}

// runCost measures whether a record costs the same with many partitions, in a trickle and in a large table.
func runCost(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := costOptions{partitions: numbers{1, 4, 20, 50, 200}, rates: numbers{100, 1000, 10_000, 50_000}, millions: numbers{0, 1, 10, 100}}
	fs := flag.NewFlagSet("bench cost", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.IntVar(&o.records, "records", 300_000, "records of a backlog")
	fs.DurationVar(&o.time, "time", 20*time.Second, "how long each rate lasts")
	fs.Var(&o.partitions, "partitions", "partitions of the topic, or none")
	fs.Var(&o.rates, "rates", "records a second, or none")
	fs.Var(&o.millions, "rows", "million rows that the table has before, or none")
	runs := fs.Int("runs", 3, "how often everything is measured")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if o.records < 1 || o.time < time.Second || *runs < 1 || fs.NArg() > 0 {
		return fmt.Errorf("%w: want records, a second and a run at least, and no further arguments", errUsage)
	}
	return measureCost(ctx, o, *runs, stdout, progressLog(stderr))
}

// costs is the bench that measures them. All of it is about the stream mix.
type costs struct {
	*bench
	options costOptions
	seed    *database // a million rows
	large   *database // ten million, nil until they are needed
}

func measureCost(ctx context.Context, o costOptions, runs int, out io.Writer, log zerolog.Logger) (err error) {
	c := &costs{bench: &bench{log: log}, options: o}
	defer func() { err = errors.Join(err, c.close(ctx)) }()
	if c.engine, err = openEngine(ctx, log); err != nil {
		return err
	}
	if c.broker, err = startBroker(ctx, c.topics(runs), ""); err != nil {
		return err
	}
	if err := errors.Join(c.load(ctx), c.openSeed(ctx)); err != nil {
		return err
	}
	for run := range runs {
		if err := errors.Join(c.againstPartitions(ctx), c.againstRate(ctx, run), c.againstRows(ctx)); err != nil {
			return err
		}
	}
	return c.print(out)
}

// load fills the topics that are read as a backlog.
func (c *costs) load(ctx context.Context) error {
	topics := []string{backlogTopic}
	for _, n := range c.options.partitions {
		topics = append(topics, topicWith(n))
		if err := c.broker.publish(ctx, c.startOf(n)); err != nil {
			return err
		}
	}
	for _, topic := range topics {
		if err := c.broker.publish(ctx, assignment{Topic: topic, Stream: "mix", Records: c.options.records, Batch: costBatch}); err != nil {
			return err
		}
	}
	return nil
}

// backlogTopic is read into tables of all sizes.
const backlogTopic = "backlog"

// costBatch is the size of the batches of a backlog: small enough for each of many partitions to have some.
const costBatch = 100_000

func topicWith(partitions int) string { return fmt.Sprintf("partitions-%d", partitions) }

// startOf is a topic with a single record: what it takes to read it is what starting takes.
func (c *costs) startOf(partitions int) assignment {
	return assignment{Topic: fmt.Sprintf("start-%d", partitions), Stream: "mix", Records: 1}
}

func topicAt(rate, run int) string { return fmt.Sprintf("rate-%d-%d", rate, run) }

func (c *costs) topics(runs int) map[string]int32 {
	topics := map[string]int32{"seed": partitions, backlogTopic: partitions}
	for _, n := range c.options.partitions {
		topics[topicWith(n)], topics[c.startOf(n).Topic] = int32(n), int32(n)
	}
	for run := range runs {
		for _, rate := range c.options.rates {
			topics[topicAt(rate, run)] = partitions
		}
	}
	return topics
}

// measure has the topic consumed, and notes what it took.
func (c *costs) measure(ctx context.Context, a assignment, table *database, part string, setting int) error {
	c.log.Info().Int(part, setting).Msg("measuring")
	note := func(what string, unit unit, value float64) {
		c.results.add(key{part, fmt.Sprint(setting), what, unit}, value)
	}
	w, err := c.carry(ctx, a, table, note)
	if err != nil {
		return err
	}
	note("both", unitMillisecondsPerSecond, float64(w.client+w.inserted)/float64(time.Millisecond)/w.took.Seconds())
	return nil
}

func (c *costs) againstPartitions(ctx context.Context) error {
	for _, n := range c.options.partitions {
		err := c.inFreshTable(ctx, func(table *database) error {
			a := assignment{Topic: topicWith(n), Records: c.options.records}
			return c.measure(ctx, a, table, partPartitions, n)
		})
		if err == nil {
			err = c.inFreshTable(ctx, func(table *database) error { return c.measureStart(ctx, table, n) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// measureStart tells what starting takes, and what the backlog measured before took without it: what every record costs.
func (c *costs) measureStart(ctx context.Context, table *database, partitions int) error {
	w, err := c.carry(ctx, c.startOf(partitions), table, func(string, unit, float64) {})
	if err != nil {
		return err
	}
	start, setting := w.client+w.inserted, strconv.Itoa(partitions)
	whole := c.results.last(partPartitions, setting, untilConsumed)
	c.results.add(key{partPartitions, setting, columnStart, unitMilliseconds}, float64(start)/float64(time.Millisecond))
	c.results.add(key{partPartitions, setting, columnRest, unitMicroseconds}, whole-perRecord(start, c.options.records))
	return nil
}

// The part that tells the start from the rest, and the columns that it has besides.
const (
	partPartitions = "partitions"
	columnStart    = "start"
	columnRest     = "without the start"
)

func (c *costs) inFreshTable(ctx context.Context, work func(*database) error) (err error) {
	table, err := c.engine.freshDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, table.drop(ctx)) }()
	return work(table)
}

// againstRate has the ingester read while records are being produced.
func (c *costs) againstRate(ctx context.Context, run int) error {
	for _, rate := range c.options.rates {
		records := int(float64(rate) * c.options.time.Seconds())
		a := assignment{Topic: topicAt(rate, run), Records: records}
		load := assignment{Topic: a.Topic, Stream: "mix", Records: records, Rate: rate, Group: "none"}
		err := c.inFreshTable(ctx, func(table *database) error {
			loaded := make(chan error, 1)
			go func() { loaded <- c.broker.publish(ctx, load) }()
			return errors.Join(c.measure(ctx, a, table, "records/s", rate), <-loaded)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// againstRows fills tables first, with rows of another topic.
func (c *costs) againstRows(ctx context.Context) error {
	for _, millions := range c.options.millions {
		err := c.inFreshTable(ctx, func(table *database) error {
			if err := c.enlarge(ctx, table, millions); err != nil {
				return err
			}
			a := assignment{Topic: backlogTopic, Records: c.options.records}
			return c.measure(ctx, a, table, "million rows in the table", millions)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

const million = 1_000_000

// enlarge gives the table so many million rows of another topic, in parts of ten million and the rest of a million each:
// few, as merges leave them, and too large to be merged any more. A hundred small ones beside them would have the server
// merge new parts at once, and so count merges that the other tables put off. They share their files: the same part is
// attached again and again.
func (c *costs) enlarge(ctx context.Context, table *database, millions int) error {
	if err := table.exec(ctx, "ALTER TABLE "+table.name+".responses MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 10000000"); err != nil {
		return err
	}
	if err := c.openLarge(ctx, millions); err != nil {
		return err
	}
	if err := table.attach(ctx, c.large, millions/10); err != nil {
		return err
	}
	return table.attach(ctx, c.seed, millions%10)
}

// openLarge makes the table with ten million rows in one part, where it is needed for the first time.
func (c *costs) openLarge(ctx context.Context, millions int) (err error) {
	if millions < 10 || c.large != nil {
		return nil
	}
	if c.large, err = c.engine.freshDatabase(ctx); err != nil {
		return err
	}
	if err := c.large.attach(ctx, c.seed, 10); err != nil {
		return err
	}
	return c.large.merge(ctx)
}

// attach gives the table the rows of another so many times.
func (d *database) attach(ctx context.Context, from *database, times int) error {
	for range times {
		if err := d.exec(ctx, "ALTER TABLE "+d.name+".responses ATTACH PARTITION ALL FROM "+from.name+".responses"); err != nil {
			return err
		}
	}
	return nil
}

// openSeed makes a table with a million rows, merged into one part.
func (c *costs) openSeed(ctx context.Context) (err error) {
	if len(c.options.millions) == 0 {
		return nil
	}
	if c.seed, err = c.engine.freshDatabase(ctx); err != nil {
		return err
	}
	if err := c.broker.publish(ctx, assignment{Topic: "seed", Stream: "mix", Records: million}); err != nil {
		return err
	}
	a := assignment{Role: roleIngest, Topic: "seed", Records: million, ClickHouse: c.seed.url()}
	if _, err := c.broker.consume(ctx, a, func() error { return nil }); err != nil {
		return err
	}
	return c.seed.merge(ctx)
}

// print prints a table for each thing that the cost was measured against.
func (c *costs) print(out io.Writer) error {
	var text strings.Builder
	part := ""
	for _, first := range c.results.list {
		if first.What != "ingester" || first.Unit != unitMicroseconds {
			continue
		}
		if first.Part != part {
			part = first.Part
			fmt.Fprintf(&text, "\n| %s |", part)
			for _, column := range columnsOf(part) {
				fmt.Fprintf(&text, " %s, %s |", column.what, column.unit)
			}
			text.WriteString("\n|---:|" + strings.Repeat("---:|", len(columnsOf(part))) + "\n")
		}
		fmt.Fprintf(&text, "| %s |", first.Stream)
		for _, column := range columnsOf(part) {
			one := c.results.known[key{part, first.Stream, column.what, column.unit}]
			fmt.Fprintf(&text, " %s |", column.unit.format(one.summary))
		}
		text.WriteString("\n")
	}
	_, err := io.WriteString(out, text.String())
	return err
}

type costColumn struct {
	what string
	unit unit
}

// columnsOf returns the columns of a part's table.
func columnsOf(part string) []costColumn {
	columns := []costColumn{
		{"ingester", unitMicroseconds},
		{"ClickHouse, until consumed", unitMicroseconds},
		{untilConsumed, unitMicroseconds},
		{"both", unitMillisecondsPerSecond},
		{"memory of the ingester, peak", unitMebibytes},
	}
	if part == partPartitions {
		columns = append(columns, costColumn{columnStart, unitMilliseconds}, costColumn{columnRest, unitMicroseconds})
	}
	return columns
}
