using Pulse.Actors.Storage.Gaps;

namespace Pulse.Host;

/// <summary>How many offsets are in stored gaps, by partition, as this node read it last; written by one, read by anyone.</summary>
internal sealed class StoredGaps
{
    private IReadOnlyList<GapSum>? _sums;

    /// <summary>By partition and kind; null until they were read.</summary>
    public IReadOnlyList<GapSum>? Sums
    {
        get => Volatile.Read(ref _sums);
        set => Volatile.Write(ref _sums, value);
    }

    /// <summary>The sum of one kind; null until it was read.</summary>
    public long? Records(GapKind kind) => Sums?.Where(sum => sum.Kind == kind).Sum(sum => sum.Records);
}
