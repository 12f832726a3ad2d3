using System.Diagnostics.Metrics;
using Pulse.Actors.Broker;
using Pulse.Actors.Buckets;
using Pulse.Actors.Coordination;
using Pulse.Actors.Ingest;
using Pulse.Actors.Ingest.Sinks;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;
using Pulse.Warehouse;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Pulse.Host.Telemetry;

/// <summary>
/// The instruments of the meter <c>Pulse</c>. Each only reads a statistic that the node keeps anyway, when it is asked
/// to; <c>docs/metrics.md</c> lists them. A node's numbers begin at its start: sum them over nodes.
/// </summary>
internal sealed class NodeInstruments : IDisposable
{
    public const string MeterName = "Pulse";

    private static readonly string[] PartitionStates = ["read", "no_leader", "no_reader", "standing"];

    private readonly Meter _meter;
    private readonly TimeProvider _time = TimeProvider.System;

    public NodeInstruments(
        IMeterFactory meters,
        IngestStatistics ingest,
        DeadLetterStatistics deadLetters,
        BucketStatistics buckets,
        ExportStatistics exports,
        StorageAvailability storage,
        ClusterView cluster,
        StreamView stream,
        ReadModel model,
        StoredGaps gaps,
        UndeliveredMessages undelivered)
    {
        _meter = meters.Create(MeterName);
        Ingest(ingest);
        Stream(stream, cluster);
        DeadLetters(deadLetters);
        Gaps(gaps);
        Clients(("reader", ingest.Reader), ("dead_letters", deadLetters.Client));
        Buckets(buckets);
        Storage(buckets, storage);
        Exports(exports);
        Cluster(cluster, model, undelivered);
    }

    public void Dispose() => _meter.Dispose();

    private void Ingest(IngestStatistics ingest)
    {
        Counter("pulse.ingest.events", () => ingest.Consumed, "{event}", "Records read from the event topic; replayed ones again.");
        Counter("pulse.ingest.dead_letters", () => ingest.DeadLettered, "{event}", "Records that were no viewing events; replayed ones again.");
        Counter("pulse.ingest.session.restarts", () => ingest.SessionRestarts, "{restart}", "How often a partition had to be read again from where its buckets stand.");
        Counter("pulse.ingest.flushes", () => ingest.Flushes, "{flush}", "How often counted events were sent on to their buckets.");
        Counter("pulse.ingest.deltas", () => ingest.Deltas, "{delta}", "Deltas sent to buckets.");
        Counter("pulse.ingest.commits", () => ingest.Commits, "{commit}", "Offsets told to the consumer group.");
        Gauge("pulse.ingest.wrong_format", () => [new(ingest.Formats.Problem is null ? 0 : 1)], "1", "1 while much of what is read lately is no viewing event, as of a producer that writes another format; else 0.");
        Gauge("pulse.ingest.commit.age", () => Age(ingest.LastCommit), "s", "Time since the consumer group was last told an offset.");
        Partitions("pulse.ingest.position", ingest, status => status.Position, "{event}", "The next offset of a partition to be read; absent while it stands still.");
        Partitions("pulse.ingest.committed", ingest, status => status.Committed, "{event}", "The offset of a partition below which everything is stored, as its reader knows it; absent while it stands still.");
    }

    private void DeadLetters(DeadLetterStatistics letters)
    {
        Counter("pulse.dead_letters.sent", () => letters.Sent, "{event}", "Records delivered to the dead-letter topic; those sent again, again.");
        Gauge("pulse.dead_letters.waiting", () => letters.Waiting is { } waiting ? [new(waiting)] : [], "{event}", "Bad records that are not in the dead-letter topic yet; absent while it is unknown how many.");
        Gauge("pulse.dead_letters.reachable", () => [new(letters.Problem is null ? 1 : 0)], "1", "1 while bad records can be sent to the dead-letter topic, 0 while they can't.");
    }

    private void Gaps(StoredGaps gaps) => _meter.CreateObservableGauge(
        "pulse.ingest.gap.records",
        () => (gaps.Sums ?? []).Select(sum => new Measurement<long>(
            sum.Records, new Tag("stream", sum.Stream), new Tag("partition", sum.Partition), new Tag("kind", sum.Kind.ToString().ToLowerInvariant()))),
        "{event}", "Offsets of a partition that are stored as gaps: retention took their records before they were counted, or the log was cut.");

    private void Stream(StreamView stream, ClusterView cluster)
    {
        Gauge("pulse.kafka.reachable", () => [new(stream.State.IsKafkaReachable ? 1 : 0)], "1", "1 while the brokers say what the topic is, 0 while they do not.");
        _meter.CreateObservableGauge(
            "pulse.ingest.lag",
            () => stream.State.SpokenForBy(cluster.Self).Where(partition => partition.Lag is not null)
                .Select(partition => new Measurement<long>(partition.Lag!.Value, new Tag("partition", partition.Partition))),
            "{event}", "Records of a partition that are not stored yet; absent while that is unknown.");
        _meter.CreateObservableGauge(
            "pulse.ingest.partitions",
            () => PartitionsByState(stream.State.SpokenForBy(cluster.Self)),
            "{partition}", "Partitions that this node reads or nobody does, by what becomes of them.");
    }

    private static IEnumerable<Measurement<long>> PartitionsByState(IEnumerable<PartitionState> partitions)
    {
        var counts = partitions.CountBy(partition => partition.Standing?.Cause switch
        {
            StandingCause.NoLeader => "no_leader",
            StandingCause.NoReader => "no_reader",
            null when partition.Reader is null => "no_reader",
            null => "read",
            _ => "standing",
        }).ToDictionary();
        return PartitionStates.Select(state => new Measurement<long>(counts.GetValueOrDefault(state), new Tag("state", state)));
    }

    private void Clients(params (string Client, ClientMonitor Monitor)[] clients)
    {
        _meter.CreateObservableGauge(
            "pulse.kafka.client.queue.messages", () => OfClients(said => said.QueuedMessages),
            "{record}", "Records that a Kafka client has fetched and nobody has taken, or that wait to be sent.");
        _meter.CreateObservableGauge(
            "pulse.kafka.client.queue.size", () => OfClients(said => said.QueuedBytes), "By", "The size of these records.");
        _meter.CreateObservableGauge(
            "pulse.kafka.broker.connected",
            () => OfBrokers<long>(broker => [new Measurement<long>(broker.State == "UP" ? 1 : 0, new Tag("state", broker.State))]),
            "1", "1 while a client is connected to a broker, 0 while it is not, with librdkafka's word for the state.");
        _meter.CreateObservableCounter(
            "pulse.kafka.broker.errors", () => OfBrokers<long>(broker => [new Measurement<long>(broker.Errors)]),
            "{error}", "Sending to a broker and receiving from it that failed since the client began.");
        _meter.CreateObservableCounter(
            "pulse.kafka.broker.timeouts", () => OfBrokers<long>(broker => [new Measurement<long>(broker.Timeouts)]),
            "{request}", "Requests that a broker did not answer in time since the client began.");
        _meter.CreateObservableGauge(
            "pulse.kafka.broker.round_trip", () => OfBrokers(RoundTrips), "s", "From a request to a broker's answer, of late.");

        IEnumerable<Measurement<long>> OfClients(Func<ClientStatistics, long> read) =>
            from each in clients
            let said = each.Monitor.Latest
            where said is not null
            select new Measurement<long>(read(said!), new Tag("client", each.Client));

        IEnumerable<Measurement<T>> OfBrokers<T>(Func<BrokerStatistics, IEnumerable<Measurement<T>>> read)
            where T : struct =>
            from each in clients
            from broker in each.Monitor.Latest?.Brokers ?? []
            from measured in read(broker)
            select new Measurement<T>(
                measured.Value, [new Tag("client", each.Client), new Tag("broker", broker.Broker), .. measured.Tags]);
    }

    private static IEnumerable<Measurement<double>> RoundTrips(BrokerStatistics broker)
    {
        if (broker.RoundTripMedianMicroseconds is { } median)
            yield return new Measurement<double>(median / 1e6, new Tag("quantile", 0.5));
        if (broker.RoundTripP99Microseconds is { } p99)
            yield return new Measurement<double>(p99 / 1e6, new Tag("quantile", 0.99));
    }

    private void Buckets(BucketStatistics buckets)
    {
        Gauge("pulse.bucket.unstored.size", () => [new(buckets.Unstored.Bytes)], "By", "What this node's buckets hold that is not stored, about.");
        Gauge("pulse.bucket.unstored.limit", () => [new(buckets.Unstored.MaximumBytes)], "By", "With so much that is not stored, they take no more.");
        Gauge("pulse.bucket.running", () => [new(buckets.Running)], "{bucket}", "Buckets in this node's memory.");
        _meter.CreateObservableCounter(
            "pulse.bucket.counted",
            () => buckets.Rollups.Select(rollup => new Measurement<long>(rollup.Counted, new Tag("rollup", rollup.Rollup))),
            "{event}", "Events added to a window of a rollup; replayed ones again.");
        _meter.CreateObservableCounter(
            "pulse.bucket.late",
            () => buckets.Rollups.Select(rollup => new Measurement<long>(rollup.Late, new Tag("rollup", rollup.Rollup))),
            "{event}", "Events of a rollup that came too long after the end of their window.");
        _meter.CreateObservableGauge(
            "pulse.bucket.apart",
            () => buckets.Apart.Select(rollup => new Measurement<long>(rollup.Buckets.Count, new Tag("rollup", rollup.Rollup))),
            "{bucket}", "Buckets of a rollup of which the database refuses to store what they have; absent while there are none.");
        Counter("pulse.bucket.checkpoints", () => buckets.Checkpoints, "{checkpoint}", "Checkpoints stored.");
        Gauge("pulse.bucket.checkpoint.age", () => Age(buckets.LastCheckpoint), "s", "Time since a bucket last stored a checkpoint.");
    }

    private void Storage(BucketStatistics buckets, StorageAvailability storage)
    {
        Gauge("pulse.storage.reachable", () => [new(storage.IsAvailable ? 1 : 0)], "1", "1 while storage does what is asked of it, 0 while it does not.");
        Counter("pulse.storage.rows", () => buckets.StoredCells, "{row}", "Rows written to the result tables.");
        Counter("pulse.storage.failures", () => buckets.FailedStatements, "{failure}", "Checkpoints whose outcome was unknown at first, so that their bucket's row was asked.");
    }

    private void Exports(ExportStatistics exports)
    {
        _meter.CreateObservableCounter(
            "pulse.export.rounds",
            () => (Measurement<long>[])[Outcome(exports.Finished, "finished"), Outcome(exports.GivenUp, "given_up")],
            "{export}", "Exports that ended, by outcome.");
        _meter.CreateObservableCounter(
            "pulse.export.dates",
            () => (Measurement<long>[])[Outcome(exports.DatesLoaded, "loaded"), Outcome(exports.DatesUnchanged, "unchanged")],
            "{date}", "Dates of rollups that exports left in the warehouse, by outcome.");
        Counter("pulse.export.rows", () => exports.RowsLoaded, "{row}", "Rows loaded into the warehouse.");
        Counter("pulse.export.size", () => exports.BytesLoaded, "By", "Bytes loaded into the warehouse.");
        Counter("pulse.export.failures", () => exports.Failures, "{failure}", "Attempts at a date that failed.");
        Gauge("pulse.export.dates.running", () => [new(exports.DatesInFlight)], "{date}", "Dates at work.");
        Gauge("pulse.export.age", () => Age(exports.LastFinishedUtc), "s", "Time since an export last put everything into the warehouse.");
        Dates("pulse.export.date.rows", exports, status => status.Rows, "{row}", "Rows of a date read so far.");
        Dates("pulse.export.date.size", exports, status => status.Bytes, "By", "Bytes of a date written aside, then bytes sent.");
        _meter.CreateObservableGauge(
            "pulse.export.date.state",
            () => exports.Dates.Select(date => new Measurement<long>(
                1,
                [.. Tags(date.Key), new Tag("step", date.Value.Step.ToString()), new Tag("job_state", date.Value.JobState ?? "")])),
            "1", "1 with the step that a date has come to and the state of its load job.");
    }

    private void Cluster(ClusterView cluster, ReadModel model, UndeliveredMessages undelivered)
    {
        Counter("pulse.cluster.undelivered", () => undelivered.Count, "{message}", "Messages between nodes that were lost because this node could not write or read them.");
        Gauge("pulse.cluster.nodes", () => [new(cluster.Nodes.Count)], "{node}", "Nodes that this node hears of.");
        _meter.CreateObservableGauge(
            "pulse.cluster.shards",
            () => cluster.SelfStatus is { } self ? [new Measurement<long>(self.Shards)] : Array.Empty<Measurement<long>>(),
            "{shard}", "Shards of buckets on this node.");
        _meter.CreateObservableGauge(
            "pulse.live.delay",
            () => new[] { 0.5, 0.99, 1 }
                .Where(_ => model.Delays.Quantile(1) is not null)
                .Select(part => new Measurement<double>(
                    model.Delays.Quantile(part)!.Value / 1_000.0, new Tag("quantile", part))),
            "s", "From a bucket's count to this node's dashboards, over the newest batches.");
    }

    private void Counter(string name, Func<long> read, string unit, string description) =>
        _meter.CreateObservableCounter(name, read, unit, description);

    private void Gauge(string name, Func<IEnumerable<Measurement<double>>> read, string unit, string description) =>
        _meter.CreateObservableGauge(name, read, unit, description);

    private void Partitions(
        string name, IngestStatistics ingest, Func<PartitionStatus, long?> read, string unit, string description) =>
        _meter.CreateObservableGauge(
            name,
            () => ingest.Partitions.Where(status => read(status) is not null).Select(status =>
                new Measurement<long>(read(status)!.Value, new Tag("partition", status.Partition))),
            unit, description);

    private void Dates(
        string name, ExportStatistics exports, Func<DateStatus, long> read, string unit, string description) =>
        _meter.CreateObservableGauge(
            name, () => exports.Dates.Select(date => new Measurement<long>(read(date.Value), Tags(date.Key))), unit, description);

    private static Tag[] Tags(RollupDate date) =>
        [new("rollup", date.Rollup), new("date", date.Date.ToString("O", System.Globalization.CultureInfo.InvariantCulture))];

    private static Measurement<long> Outcome(long count, string outcome) => new(count, new Tag("outcome", outcome));

    // Nothing is said of what never happened.
    private Measurement<double>[] Age(DateTime? happened) => happened is { } utc
        ? [new(Math.Max(0, (_time.GetUtcNow().UtcDateTime - utc).TotalSeconds))]
        : [];
}
