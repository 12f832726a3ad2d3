using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using Pulse.Actors.Buckets;
using Pulse.Actors.Coordination;
using Pulse.Actors.Ingest;
using Pulse.Actors.Live;
using Pulse.Actors.Serialization;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Warehouse;

namespace Pulse.Actors.Tests.Serialization;

/// <summary>Every message that goes from node to node, as large as it can become.</summary>
public sealed class MessageBoundsTests
{
    private const int Frame = 128_000;
    private const int Most = MessagePages.MaximumBytes + MessagePages.BytesPerMessage;
    private const long Large = long.MaxValue / 2;
    private static readonly DateTime Noon = new(2026, 1, 2, 12, 0, 0, 250, DateTimeKind.Utc);

    // Ids of a cluster and a topic have 22 letters, a topic's name has 249.
    private static readonly string Stream = $"{new string('c', 22)}/{new string('t', 249)}/{new string('i', 22)}";
    private static readonly StreamPartition Last = new(Stream, int.MaxValue);
    private static readonly SessionId Session = new(long.MinValue, int.MaxValue);
    private static readonly LogPosition From = new(Large, int.MaxValue, Large);
    private static readonly LogPosition To = new(long.MaxValue, int.MaxValue, Large);
    private static readonly BucketId Bucket = new(new string('r', RollupCatalog.MaximumNameLength), RollupCatalog.MaximumBuckets);
    private static readonly VersionDigest Version = new(UInt128.MaxValue);
    private static readonly CompletionId Completion = new(Stream, int.MaxValue, long.MaxValue);
    private static readonly string Text = new('日', 5_000);

    // What the coordinator writes into its journal, and tells nobody.
    private static readonly Type[] Stored =
    [
        typeof(CompletionAccepted), typeof(StreamDrained), typeof(StorageWentBack), typeof(ExportPlanned), typeof(LoadBegun),
        typeof(DateExported), typeof(ExportCompleted), typeof(ExportGivenUp), typeof(ExportLedger),
    ];

    private static readonly ActorSystem System = ActorSystem.Create("pulse", ConfigurationFactory.ParseString("akka.loglevel = OFF, akka.stdout-loglevel = OFF")
        .WithFallback(CountingMessageSerializer.Configuration)
        .WithFallback(ExportMessageSerializer.Configuration)
        .WithFallback(LiveMessageSerializer.Configuration));

    // Of those that are divided, the largest that a division brings.
    private static Dictionary<Type, object> Largest { get; } = new object[]
    {
        LargestRequests(),
        LargestOf(MessagePages.Of(Enumerable.Repeat(Answer(), 5_000), _ => BucketReplies.BytesPerAnswer), page => new BucketReplies(page)),
        StopBucket.Instance,
        new KeepReading(int.MaxValue),
        StopReading.Instance,
        LargestOf(
            LivePages.Of([LiveBucket(keys: 5_000, values: 8), LiveBucket(keys: 20_000, values: 1), LiveBucket(keys: 1, values: 1, windows: 9_000)]),
            page => new LiveCounts(Stream, long.MaxValue, long.MaxValue, page)),
        UnstoredWanted.Instance,
        LargestOf(NodeStatusParts.Of(Status(20_000)), part => part),
        new CheckpointRequested(Completion),
        new ExportStarted(Completion, Noon, true),
        new ExportProgress(Completion, ExportPhase.Exporting, long.MaxValue, int.MaxValue, int.MaxValue),
        Progress(0),
        new ExportFinished(Outcome()),
        new ExportFailed(Outcome()),
        GetExportState.Instance,
        new ExportState(
            new ExportProgress(Completion, ExportPhase.Exporting, long.MaxValue, int.MaxValue, int.MaxValue), int.MaxValue, Outcome(), Text)
        {
            Dates = [.. MessagePages.Of(Dates(), ExportMessageSerializer.BytesOf, Coordinator.MostBytesOfDates).First()],
            DateCount = int.MaxValue,
        },
        new GetExportDates(int.MaxValue),
        LargestOf(
            MessagePages.Of(Dates(), ExportMessageSerializer.BytesOf, Coordinator.MostBytesOfDates), page => new ExportDates([.. page])),
    }.ToDictionary(message => message.GetType());

    [Fact]
    public void Every_message_that_has_a_form_is_here()
    {
        var system = (ExtendedActorSystem)System;
        MessageSerializer[] serializers = [new CountingMessageSerializer(system), new ExportMessageSerializer(system), new LiveMessageSerializer(system)];

        Assert.Equal(
            serializers.SelectMany(each => each.Types).Select(type => type.Name).Order(StringComparer.Ordinal),
            Largest.Keys.Concat(Stored).Select(type => type.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_largest_of_every_kind_is_bounded_and_fits_into_a_frame() => Assert.All(Largest, largest =>
    {
        var bytes = BytesOf(largest.Value);
        Assert.True(bytes <= Most, $"{largest.Key} takes {bytes} bytes.");
        Assert.True(bytes < Frame * 6 / 10);
    });

    [Fact]
    public void A_hundred_thousand_counts_that_are_asked_for_at_once_are_told_in_many_messages_none_of_them_twice()
    {
        var bucket = LiveBucket(keys: 1_000, values: 1, windows: 100);

        var pages = LivePages.Of([bucket]).ToList();

        Assert.All(pages, page => Assert.InRange(BytesOf(new LiveCounts(Stream, 1, 1, page)), 1, Most));
        // They are not much smaller than they may be.
        Assert.InRange(pages.Count, 400, 700);
        var told = pages.SelectMany(page => page).SelectMany(part => part.Windows.SelectMany(
            window => window.Keys.Select(key => (part.Bucket, part.Generation, window.Window, window.Total, key.Key, key.Count)))).ToList();
        Assert.Equal(100_000, told.Count);
        var expected = bucket.Windows.SelectMany(window => window.Keys.Select(
            key => (bucket.Bucket, bucket.Generation, window.Window, window.Total, key.Key, key.Count)));
        Assert.True(expected.SequenceEqual(told), "They are not the same.");
    }

    [Theory]
    [InlineData(2_000, 1)]
    [InlineData(20_000, 4)]
    public void A_status_of_very_many_partitions_comes_in_parts_and_is_whole_again(int partitions, int least)
    {
        var status = Status(partitions, reasons: false);

        var parts = NodeStatusParts.Of(status);

        Assert.InRange(parts.Count, least, least * 3);
        var others = new NodeStatusParts();
        var read = parts.Reverse().Select(part => others.Add(Read(part))).ToList();
        Assert.All(read.SkipLast(1), Assert.Null);
        Assert.Equal(status.Partitions.AsEnumerable(), read[^1]!.Partitions);
        Assert.Equal((1, 0), (read[^1]!.Parts, read[^1]!.Part));
    }

    [Fact]
    public void Of_a_status_a_part_of_which_is_lost_nothing_is_shown_and_the_next_one_is()
    {
        var others = new NodeStatusParts();
        var (first, second) = (NodeStatusParts.Of(Status(20_000)), NodeStatusParts.Of(Status(20_000) with { AtUtc = Noon.AddSeconds(1) }));

        Assert.All(first.Skip(1), part => Assert.Null(others.Add(part)));
        Assert.All(second.SkipLast(1), part => Assert.Null(others.Add(part)));

        Assert.Equal(20_000, others.Add(second[^1])!.Partitions.Length);
        Assert.NotNull(others.Add(Status(3)));
    }

    private static BucketRequests LargestRequests()
    {
        // As one delta of the largest keys, as small deltas, and as what is said of very many partitions.
        var delta = new List<KeyCount>();
        while (Send(delta).Delta.EncodedBytes <= Delta.MaximumBytes)
            delta.Add(new KeyCount(Key(delta.Count, 8), new Window(long.MaxValue), long.MaxValue));
        delta.RemoveAt(delta.Count - 1);
        IEnumerable<Func<BucketRequestsBuilder, bool>> requests =
        [
            builder => builder.TryAdd(Send(delta)),
            builder => builder.TryAdd(Send([])),
            builder => builder.TryAsk(new PositionQuestion(Last, Session)),
            builder => builder.TryAdd(new EmptyDelta(Last, Session, From, To)),
        ];
        return LargestOf(requests, Fill);

        static SessionDelta Send(IReadOnlyList<KeyCount> counts) => new(Session, new Delta(
            Last, Version, From, To, new Balance(long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue), counts, []));

        static BucketRequests Fill(Func<BucketRequestsBuilder, bool> tryAdd)
        {
            var builder = new BucketRequestsBuilder(Bucket, Version);
            while (tryAdd(builder))
            {
            }

            return builder.Build();
        }
    }

    private static BucketAnswer Answer() => new(Bucket, Last, Session, AnswerKind.OldStream, To, new LogPosition(0, int.MaxValue, Large));

    // With 8 values, of the longest that a key can have; with one, of 240 bytes.
    private static RollupKey Key(int number, int values) =>
        new([.. Enumerable.Range(0, values).Select(value => $"{number} {value} ".PadRight(values == 1 ? 240 : EventDecoder.MaximumTextBytes, 'x'))]);

    private static LiveBucket LiveBucket(int keys, int values, int windows = 1)
    {
        var counts = Enumerable.Range(0, keys).Select(number => new KeyTotal(Key(number, values), long.MaxValue - number)).ToList();
        return new LiveBucket(
            Bucket, long.MaxValue, [.. Enumerable.Range(0, windows).Select(number => new LiveWindow(new Window(Large + number), long.MaxValue, counts))]);
    }

    private static NodeStatus Status(int partitions, bool reasons = true) => new(
        Stream, Stream, Noon, Large, Large, Large, int.MaxValue, int.MaxValue, Large, Noon, Noon, Text,
        [
            .. Enumerable.Range(0, partitions).Select(number => new NodePartition(
                int.MaxValue - partitions + number, long.MaxValue - number, 0, reasons ? $"日 {number}" : null)),
        ])
    {
        Sequence = long.MaxValue,
        DeadLetterProblem = Text,
    };

    private static IEnumerable<DateProgress> Dates() => Enumerable.Range(0, 5_000).Select(Progress);

    private static DateProgress Progress(int day) => new(
        Completion,
        new RollupDate(Bucket.Rollup, new DateOnly(2020, 1, 1).AddDays(day)),
        new DateStatus(DateStep.GivenUp, long.MaxValue, long.MaxValue, new string('j', 1_024), "RUNNING", day % 10 == 0 ? Text : null));

    private static ExportOutcome Outcome() => new(
        Completion, Noon, Noon,
        [
            .. Enumerable.Repeat(
                new RollupExport(Bucket.Rollup, int.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue, int.MaxValue, long.MaxValue, long.MaxValue),
                RollupCatalog.MaximumRollups),
        ],
        Text);

    private static TMessage LargestOf<TPage, TMessage>(IEnumerable<TPage> pages, Func<TPage, TMessage> message)
        where TMessage : notnull
    {
        return pages.Select(message).MaxBy(each => BytesOf(each))!;
    }

    private static Serializer SerializerOf(object message) => System.Serialization.FindSerializerFor(message);

    private static int BytesOf(object message) => SerializerOf(message).ToBinary(message).Length;

    private static NodeStatus Read(NodeStatus part)
    {
        var serializer = (SerializerWithStringManifest)SerializerOf(part);
        return (NodeStatus)serializer.FromBinary(serializer.ToBinary(part), serializer.Manifest(part));
    }
}
