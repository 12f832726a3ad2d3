using Akka.Actor;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Benchmarks.Nodes;
using Pulse.Benchmarks.Reporting;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Benchmarks.Delivery;

/// <summary>
/// Brings one delta of every partition to every bucket, round by round, and waits for the answers. The deltas are made
/// beforehand: what is measured is the way to the buckets, applying them there, and the way back.
/// </summary>
internal sealed class DeliveryBenchmark
{
    private const int EventsPerDelta = 50;
    private static readonly SessionId Session = new(1, 1);
    private static readonly TimeSpan AnswerFlush = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(1);

    private readonly IActorRef _to;
    private readonly StreamPartition[] _partitions;
    private readonly (BucketId Id, VersionDigest Version, RollupKey Key)[] _buckets;
    private readonly Window _window = Window.Containing(1_767_268_800_000, 300);
    private readonly IActorRef[] _ingestors;
    private readonly bool _throughOutbox;
    private readonly List<Expense> _measured = [];
    private LogPosition _position = LogPosition.Start;

    /// <param name="name">For people.</param>
    /// <param name="node">Where the ingestors are.</param>
    /// <param name="throughOutbox">Whether they use a <see cref="BucketOutbox"/>; otherwise each speaks to the region.</param>
    /// <param name="firstPartition">The first of its partitions, which are its own: each measurement moves the same buckets.</param>
    /// <param name="partitions">How many ingestors.</param>
    /// <param name="buckets">How many buckets, of those of the built-in rollups.</param>
    public DeliveryBenchmark(string name, BucketNode node, bool throughOutbox, int firstPartition, int partitions, int buckets)
    {
        Name = name;
        _partitions = [.. Enumerable.Range(firstPartition, partitions).Select(number => new StreamPartition(BucketNode.Stream, number))];
        _throughOutbox = throughOutbox;

        // Flushed by hand, when every ingestor has said what it has to say, and until all is answered: a flush of the real
        // one does not split rounds.
        _to = throughOutbox
            ? node.System.ActorOf(Props.Create(() => new BucketOutbox(node.Buckets, TimeSpan.FromHours(1))))
            : node.Buckets;
        _ingestors = [.. Enumerable.Range(0, partitions).Select(_ => node.System.ActorOf(Props.Create<Sender>()))];
        _buckets =
        [
            .. RollupCatalog.BuiltIn.Select(rollup => new VersionDeclaration(rollup, CountingRules.Default).Counted)
                .SelectMany(version => Enumerable.Range(0, version.Buckets).Select(
                    number => (version.Bucket(number), version.Digest, new RollupKey($"value {number % 7}", $"value {number}"))))
                .Take(buckets),
        ];
    }

    public string Name { get; }

    /// <summary>The most buckets that there are.</summary>
    public static int MaximumBuckets => RollupCatalog.BuiltIn.Sum(rollup => rollup.Buckets);

    /// <summary>Asks every bucket where it stands in every partition.</summary>
    public Task OpenAsync() => SendAsync((bucket, _) => new SessionEffect.AskPosition(bucket.Id, bucket.Version, Session));

    /// <summary>Delivers so many rounds.</summary>
    /// <param name="rounds">How many.</param>
    /// <param name="measured">Whether they count, or only warm up.</param>
    public async Task RunAsync(int rounds, bool measured)
    {
        var sum = default(Expense);
        for (var round = 0; round < rounds; round++)
        {
            var (from, to) = (_position, new LogPosition(_position.Offset + EventsPerDelta, 0));
            _position = to;
            sum += await Expense.OfAsync(Prepared((bucket, partition) => new SessionEffect.SendDelta(
                bucket.Id,
                Session,
                new Delta(
                    partition, bucket.Version, from, to, new Balance(EventsPerDelta, 0, 0, 0, 0),
                    [new KeyCount(bucket.Key, _window, EventsPerDelta)], []))));
        }

        if (measured)
            _measured.Add(sum);
    }

    /// <summary>What was measured.</summary>
    /// <param name="rounds">The rounds of each run.</param>
    public Subject ToSubject(int rounds)
    {
        var deltas = (double)rounds * _ingestors.Length * _buckets.Length;
        return new Subject(Name,
        [
            new("deltas/s", [.. _measured.Select(run => deltas / run.Wall.TotalSeconds)]),
            new("CPU, µs/delta", [.. _measured.Select(run => run.Processor.TotalMicroseconds / deltas)]),
            new("allocated, bytes/delta", [.. _measured.Select(run => run.Allocated / deltas)]),
        ]);
    }

    private Task SendAsync(Func<(BucketId Id, VersionDigest Version, RollupKey Key), StreamPartition, SessionEffect> request) =>
        Prepared(request)();

    /// <summary>Makes what is to be sent; it is sent when the result is called.</summary>
    private Func<Task> Prepared(Func<(BucketId Id, VersionDigest Version, RollupKey Key), StreamPartition, SessionEffect> request)
    {
        Shipment[] shipments =
        [
            .. _partitions.Select(partition => new Shipment(
                _to, partition, [.. _buckets.Select(bucket => request(bucket, partition))], _throughOutbox)),
        ];
        return () => SendAsync(shipments);
    }

    private async Task SendAsync(Shipment[] shipments)
    {
        for (var partition = 0; partition < shipments.Length; partition++)
            _ingestors[partition].Tell(shipments[partition]);
        var answered = Task.WhenAll(shipments.Select(each => each.Answered.Task)).WaitAsync(AnswerLimit);
        if (_throughOutbox)
        {
            await Task.WhenAll(shipments.Select(each => each.Told.Task));
            do
                _to.Tell(BucketOutbox.Flush.Instance);
            while (await Task.WhenAny(answered, Task.Delay(AnswerFlush)) != answered);
        }

        await answered;
    }
}
