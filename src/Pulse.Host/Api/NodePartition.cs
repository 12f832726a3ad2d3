namespace Pulse.Host.Api;

/// <summary>A partition of the topic; null is unknown.</summary>
/// <param name="Partition">Its number.</param>
/// <param name="IsHere">Whether this node reads it.</param>
/// <param name="Reader">Host and port of the node that reads it; null while none does.</param>
/// <param name="HasLeader">Whether a broker leads it: without one it can't be read.</param>
/// <param name="Position">The next offset that its reader has not handled yet.</param>
/// <param name="Committed">The offset below which everything is stored.</param>
/// <param name="Begin">The first offset that its log still has.</param>
/// <param name="End">The offset that its next record will have.</param>
/// <param name="Lag">Records that are there and are not stored yet.</param>
/// <param name="Standing">Why it stands still; null while it goes on.</param>
/// <param name="StandingSince">Since when, UTC.</param>
internal sealed record NodePartition(
    int Partition,
    bool IsHere,
    string? Reader,
    bool? HasLeader,
    long? Position,
    long? Committed,
    long? Begin,
    long? End,
    long? Lag,
    string? Standing,
    DateTime? StandingSince);
