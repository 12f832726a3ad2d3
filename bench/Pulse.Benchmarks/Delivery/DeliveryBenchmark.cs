using Akka.Actor;
using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
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
    private const long Session = 1;
    private static readonly TimeSpan AnswerFlush = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(1);

    private readonly IActorRef _to;
    private readonly string _stream;
    private readonly BucketId[] _buckets;
    private readonly RollupKey[] _keys;
    private readonly Window _window = Window.Containing(1_767_268_800_000, 300);
    private readonly IActorRef[] _ingestors;
    private readonly bool _throughOutbox;
    private readonly List<Expense> _measured = [];
    private long _position;

    /// <param name="name">For people.</param>
    /// <param name="node">Where the ingestors are.</param>
    /// <param name="throughOutbox">Whether they use a <see cref="BucketOutbox"/>; otherwise each speaks to the region.</param>
    /// <param name="partitions">How many ingestors.</param>
    /// <param name="buckets">How many buckets.</param>
    public DeliveryBenchmark(string name, BucketNode node, bool throughOutbox, int partitions, int buckets)
    {
        Name = name;
        _stream = Guid.NewGuid().ToString();
        _throughOutbox = throughOutbox;

        // Flushed by hand, when every ingestor has said what it has to say, and until all is answered: a flush of the real
        // one does not split rounds.
        _to = throughOutbox
            ? node.System.ActorOf(Props.Create(() => new BucketOutbox(node.Buckets, TimeSpan.FromHours(1))))
            : node.Buckets;
        _ingestors = [.. Enumerable.Range(0, partitions).Select(_ => node.System.ActorOf(Props.Create<Asker>()))];
        _keys = [.. Enumerable.Range(0, buckets).Select(bucket => new RollupKey($"device {bucket % 7}", $"genre {bucket}"))];
        _buckets = [.. Enumerable.Range(0, buckets).Select(bucket => new BucketId(RollupCatalog.BuiltIn[0].Name, bucket))];
    }

    public string Name { get; }

    /// <summary>Opens every partition at every bucket.</summary>
    public Task OpenAsync() => AskAsync(Questions((bucket, partition) =>
        new OpenPartition(_buckets[bucket], partition, 0, Session)));

    /// <summary>Delivers so many rounds.</summary>
    /// <param name="rounds">How many.</param>
    /// <param name="measured">Whether they count, or only warm up.</param>
    public async Task RunAsync(int rounds, bool measured)
    {
        var sum = default(Expense);
        for (var round = 0; round < rounds; round++)
        {
            var (from, to) = (_position, _position + EventsPerDelta);
            _position = to;
            var questions = Questions((bucket, partition) => new ApplyDelta(
                _buckets[bucket],
                new Delta(partition, from, to, [new KeyCount(_keys[bucket], _window, EventsPerDelta)]),
                Session));
            sum += await Expense.OfAsync(() => AskAsync(questions));
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

    private Questions[] Questions(Func<int, StreamPartition, IPartitionRequest> request) =>
    [
        .. _ingestors.Select((_, partition) => new Questions(_to,
        [
            .. Enumerable.Range(0, _buckets.Length).Select(bucket => request(bucket, new StreamPartition(_stream, partition))),
        ], _throughOutbox)),
    ];

    private async Task AskAsync(Questions[] questions)
    {
        for (var partition = 0; partition < questions.Length; partition++)
            _ingestors[partition].Tell(questions[partition]);
        var answered = Task.WhenAll(questions.Select(each => each.Answered.Task)).WaitAsync(AnswerLimit);
        if (_throughOutbox)
        {
            await Task.WhenAll(questions.Select(each => each.Told.Task));
            do
                _to.Tell(BucketOutbox.Flush.Instance);
            while (await Task.WhenAny(answered, Task.Delay(AnswerFlush)) != answered);
        }

        await answered;
    }
}
