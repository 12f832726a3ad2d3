using System.Collections.Immutable;
using Pulse.Actors.Ingest;

namespace Pulse.Actors.Coordination;

/// <summary>
/// Where reading goes on in each partition of the completion topic. The offsets that a group has committed are not asked: they
/// stay when the topic is made again, and then belong to the topic before it.
/// </summary>
/// <param name="seen">What was accepted last in each partition, the longest untouched first.</param>
/// <param name="isEarlierName">
/// Whether a stream may be an earlier name of the completion topic: versions before named completions by the stream of events, and a
/// broker may begin to give ids.
/// </param>
internal sealed class CompletionPlaces(ImmutableArray<CompletionId> seen, Func<string, bool> isEarlierName)
{
    private readonly Dictionary<(string Stream, int Partition), long> _next =
        seen.ToDictionary(completion => (completion.Stream, completion.Partition), completion => completion.Offset + 1);

    private string? _first;

    /// <summary>The next offset in a partition.</summary>
    public long this[string stream, int partition] =>
        _next.TryGetValue((stream, partition), out var next) ? next : Earlier(stream, partition)?.Offset + 1 ?? 0;

    /// <summary>How far a partition of this very stream was read; 0 where nothing of it was.</summary>
    public long ReadUpTo(string stream, int partition) => _next.GetValueOrDefault((stream, partition));

    /// <summary>Goes on after a record.</summary>
    public void Handled(CompletionId record) => _next[(record.Stream, record.Partition)] = record.Offset + 1;

    // Of the topic that is there at first: one that comes later is none that a version before has read.
    private CompletionId? Earlier(string stream, int partition)
    {
        if (stream != (_first ??= stream))
            return null;
        var last = seen.LastOrDefault(completion => completion.Partition == partition && isEarlierName(completion.Stream));
        return last == default ? null : last;
    }
}
