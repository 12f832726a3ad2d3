namespace Pulse.Counting;

/// <summary>
/// One partition of one stream. Positions only mean something within it: a topic that was deleted and made again is
/// another stream, even under the same name.
/// </summary>
/// <param name="Stream">The stream's identity: cluster id, topic and, where the broker gives one, topic id.</param>
/// <param name="Partition">The partition's number, from 0.</param>
public readonly record struct StreamPartition(string Stream, int Partition)
{
    /// <summary>For logs: <c>stream[3]</c>.</summary>
    public override string ToString() => $"{Stream}[{Partition}]";
}
