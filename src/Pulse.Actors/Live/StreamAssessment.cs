using System.Collections.Immutable;
using System.Globalization;
using Pulse.Actors.Broker;

namespace Pulse.Actors.Live;

/// <summary>
/// Makes out of answers what is known of each partition, and which stand still. Pure: what it has to remember is in the state
/// before. What is too old counts as unknown.
/// </summary>
/// <param name="checkpointInterval">The longest time between two checkpoints of a bucket.</param>
internal sealed class StreamAssessment(TimeSpan checkpointInterval)
{
    /// <summary>How long a partition may be between two readers.</summary>
    public static readonly TimeSpan ReaderPatience = TimeSpan.FromSeconds(10);

    /// <summary>How long a partition with records left may neither be read nor stored.</summary>
    public static readonly TimeSpan ProgressPatience = TimeSpan.FromSeconds(30);

    /// <summary>What is known now.</summary>
    /// <param name="before">What was known before.</param>
    /// <param name="answers">What brokers and storage said last.</param>
    /// <param name="nodes">What the nodes that are there said last.</param>
    /// <param name="nowUtc">Now.</param>
    public StreamState Next(StreamState before, StreamAnswers answers, IReadOnlyList<NodeStatus> nodes, DateTime nowUtc)
    {
        var stream = answers.Described?.Topic.Stream;
        var state = before with
        {
            AtUtc = nowUtc,
            Stream = stream ?? before.Stream,
            KafkaAnsweredUtc = answers.Described?.AtUtc ?? before.KafkaAnsweredUtc,
            KafkaProblem = answers.KafkaProblem,
            IsRefused = answers.IsRefused,
            StorageProblem = answers.StorageProblem,
        };
        var known = before.Stream is null || before.Stream == state.Stream ? before.Partitions : [];
        var readers = Readers(nodes);
        var count = Math.Max(answers.Described?.Topic.Partitions ?? known.Length, readers.Keys.DefaultIfEmpty(-1).Max() + 1);
        var partitions = ImmutableArray.CreateBuilder<PartitionState>(count);
        for (var number = 0; number < count; number++)
        {
            var last = number < known.Length ? known[number] : new PartitionState(number) { ReadUtc = nowUtc, MovedUtc = nowUtc };
            var reader = readers.GetValueOrDefault(number);
            partitions.Add(Judge(Measure(last, answers, reader, nowUtc), last, state, reader.Partition.Standing));
        }

        return state with { Partitions = partitions.MoveToImmutable() };
    }

    // Of two nodes that read the same partition, one is about to learn that it does not any more.
    private static Dictionary<int, (NodeStatus Node, NodePartition Partition)> Readers(IReadOnlyList<NodeStatus> nodes)
    {
        var readers = new Dictionary<int, (NodeStatus Node, NodePartition Partition)>();
        foreach (var node in nodes)
        {
            foreach (var partition in node.Partitions)
            {
                if (!readers.TryGetValue(partition.Partition, out var other) || (other.Partition.Position ?? -1) < (partition.Position ?? -1))
                    readers[partition.Partition] = (node, partition);
            }
        }

        return readers;
    }

    private PartitionState Measure(
        PartitionState last, StreamAnswers answers, (NodeStatus? Node, NodePartition Partition) reader, DateTime nowUtc)
    {
        var number = last.Partition;
        var topic = IsFresh(answers.Described?.AtUtc) ? answers.Described?.Topic : null;
        LogSpan? span = IsFresh(answers.Measured?.AtUtc) && answers.Measured!.Value.Spans.TryGetValue(number, out var found) ? found : null;
        long? stored = IsFresh(answers.Stored?.AtUtc) ? answers.Stored!.Value.Progress[number] : null;
        var isCut = answers.Cuts.Contains(number) || answers.Stored?.Progress.Cuts.Contains(number) == true;
        var next = new PartitionState(number)
        {
            HasLeader = topic is null || number >= topic.Partitions ? null : topic.HasLeader[number],
            Begin = span?.Begin,
            End = span?.End,
            Stored = stored,
            Lag = isCut ? null : LagOf(span, stored, reader.Partition.Standing is not null),
            Reader = reader.Node?.Node,
            ReaderAddress = reader.Node?.Address,
            Position = reader.Node is null ? null : reader.Partition.Position,
            ReadUtc = reader.Node is null ? last.ReadUtc : nowUtc,
        };
        // Where the topic's leaders are known and one of them does not answer, nobody knows whether there is something to read.
        var isLeaderSilent = next is { HasLeader: true, End: null, Stored: not null } && reader.Partition.Standing is null;
        var hasMoved = (next.Lag is null && !isLeaderSilent) || next.Lag == 0 || next.Stored != last.Stored || next.Position != last.Position;
        return next with { MovedUtc = hasMoved ? nowUtc : last.MovedUtc };

        bool IsFresh(DateTime? atUtc) => nowUtc - atUtc <= StreamState.Freshness;
    }

    // What retention has removed can't be counted any more, and is no work that is left. What is stored of a log that was cut says
    // nothing of how much of the one that is there is to be counted, even where that has grown beyond it.
    private static long? LagOf(LogSpan? span, long? stored, bool isStanding) =>
        span is not { } log || stored is not { } position || (isStanding && position > log.End)
            ? null
            : Math.Max(0, log.End - Math.Max(position, log.Begin));

    private PartitionState Judge(PartitionState next, PartitionState last, StreamState state, string? reported)
    {
        var now = state.AtUtc;
        (StandingCause Cause, string Why)? found =
            reported is not null ? (StandingCause.Reader, reported)
            : now - state.KafkaSilentSinceUtc > StreamState.Freshness
                ? (StandingCause.BrokerSilent,
                    $"the broker has not {(state.IsRefused ? "said what the topic is" : "answered")} since {Time(state.KafkaSilentSinceUtc)}")
            : next.HasLeader == false ? (StandingCause.NoLeader, "no leader")
            : next.Reader is null && now - next.ReadUtc > ReaderPatience ? (StandingCause.NoReader, "no node reads it")
            : IsStuck(next, now) ? (StandingCause.NoProgress, next switch
            {
                { End: null } => $"its leader does not say where its log ends, and nothing was read since {Time(next.MovedUtc)}",
                _ when IsRead(next) => $"all is read, and nothing is stored since {Time(next.MovedUtc)}",
                _ => $"no progress since {Time(next.MovedUtc)}",
            })
            : null;
        return found is not { } standing ? next : next with
        {
            Standing = new Standing(
                standing.Cause, standing.Why, last.Standing is { } since && since.Cause == standing.Cause ? since.SinceUtc : now),
        };
    }

    // What is read is stored when its bucket has a checkpoint, which may be a while.
    private bool IsStuck(PartitionState partition, DateTime nowUtc) =>
        nowUtc - partition.MovedUtc > (IsRead(partition) ? ProgressPatience + checkpointInterval : ProgressPatience);

    private static bool IsRead(PartitionState partition) => partition.Position >= partition.End;

    private static string Time(DateTime utc) => utc.ToString("HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
