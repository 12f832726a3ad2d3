using Pulse.Counting;

namespace Pulse.Actors.Ingest.Sinks;

/// <summary>A range that a <see cref="DeadLetterCourier"/> looks through. One object for each time; used by its thread.</summary>
/// <param name="partition">The partition.</param>
/// <param name="from">The first offset.</param>
/// <param name="to">The one after the last.</param>
internal sealed class SinkReading(StreamPartition partition, long from, long to)
{
    /// <summary>The partition.</summary>
    public StreamPartition Partition { get; } = partition;

    /// <summary>The offset after the last.</summary>
    public long To { get; } = to;

    /// <summary>Everything below was looked at.</summary>
    public long Position { get; set; } = from;

    /// <summary>Bad records found that were not told as sent.</summary>
    public int Found { get; set; }

    /// <summary>Whether all of it was looked at.</summary>
    public bool IsDone => Position >= To;
}
