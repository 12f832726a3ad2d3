using Akka.Event;

namespace Pulse.Actors.Live;

/// <summary>
/// Tells people when brokers fall silent, when partitions begin to stand still and when they go on: one line for all to which the
/// same happened since it was last asked. A node speaks of the partitions that it reads, and of those that nobody reads.
/// </summary>
internal sealed class StreamReport(ILoggingAdapter log)
{
    /// <summary>How often it says again what stands still.</summary>
    public static readonly TimeSpan Reminder = TimeSpan.FromMinutes(5);

    private readonly Dictionary<int, StandingCause> _told = [];
    private DateTime? _silentSinceUtc;
    private DateTime? _remindAtUtc;

    /// <summary>Says what is new, and now and then what still stands.</summary>
    /// <param name="state">What is known now.</param>
    /// <param name="node">This node's unique address.</param>
    public void Tell(StreamState state, string node)
    {
        var standing = Standing(state, node);
        TellOfKafka(state);
        TellWhatGoesOn(state, standing);
        if (_remindAtUtc <= state.AtUtc)
        {
            _remindAtUtc = null;
            standing.ForEach(each => _told.Remove(each.Partition));
            if (_silentSinceUtc is not null)
                TellOfSilence(state);
        }

        TellOf(standing.Where(each => !_told.TryGetValue(each.Partition, out var cause) || cause != each.Standing!.Cause));
        _remindAtUtc = _told.Count == 0 && _silentSinceUtc is null ? null : _remindAtUtc ?? state.AtUtc + Reminder;
    }

    private static List<PartitionState> Standing(StreamState state, string node) =>
    [
        .. state.SpokenForBy(node).Where(partition => partition.Standing is { Cause: not StandingCause.BrokerSilent }),
    ];

    private void TellWhatGoesOn(StreamState state, List<PartitionState> standing)
    {
        // Between two readers, and before a new one has a place, nobody knows it yet.
        var goOn = _told.Keys
            .Where(number => number >= state.Partitions.Length || state.Partitions[number] is { Standing: null, Position: not null }).ToList();
        if (goOn.Count > 0)
            log.Info("{0} {1} on.", PartitionNames.Of(goOn), goOn.Count == 1 ? "goes" : "go");
        goOn.ForEach(number => _told.Remove(number));
        foreach (var other in _told.Keys.Except(standing.Select(partition => partition.Partition)).ToList())
        {
            // Its reader speaks for it now; while brokers are silent, theirs is the line.
            if (state.Partitions[other].Standing is { Cause: not StandingCause.BrokerSilent })
                _told.Remove(other);
        }
    }

    private void TellOfKafka(StreamState state)
    {
        var isSilent = state.AtUtc - state.KafkaSilentSinceUtc > StreamState.Freshness;
        if (isSilent && _silentSinceUtc is null)
        {
            _silentSinceUtc = state.KafkaSilentSinceUtc;
            TellOfSilence(state);
        }
        else if (!isSilent && _silentSinceUtc is { } since)
        {
            _silentSinceUtc = null;
            log.Info("Kafka answers again, after {0:0} s.", (state.AtUtc - since).TotalSeconds);
        }
    }

    private void TellOfSilence(StreamState state) => log.Warning(
        "Kafka has not {0} for {1:0} s{2}, and how far partitions are behind is unknown. {3}",
        state.IsRefused ? "said" : "answered",
        (state.AtUtc - state.KafkaSilentSinceUtc).TotalSeconds,
        state.IsRefused ? " what the topic is" : "",
        state.KafkaProblem ?? "The question is still under way.");

    private void TellOf(IEnumerable<PartitionState> standing)
    {
        foreach (var alike in standing.GroupBy(partition => partition.Standing!.Cause))
        {
            var (first, whys) = (alike.First(), alike.Select(partition => partition.Standing!.Why).Distinct().Count());
            log.Warning(
                "{0} {1} still{2}: {3}.",
                PartitionNames.Of([.. alike.Select(partition => partition.Partition)]),
                alike.Skip(1).Any() ? "stand" : "stands",
                whys == 1 ? "" : $"; of partition {first.Partition}",
                first.Standing!.Why.TrimEnd('.'));
            foreach (var partition in alike)
                _told[partition.Partition] = alike.Key;
        }
    }
}
