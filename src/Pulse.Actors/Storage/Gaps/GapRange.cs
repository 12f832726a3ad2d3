namespace Pulse.Actors.Storage.Gaps;

/// <summary>Offsets that one or many buckets have stored as a gap.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Kind">Why.</param>
/// <param name="From">The first of them.</param>
/// <param name="To">The one after the last.</param>
/// <param name="Buckets">How many buckets, of all rollups, have stored it.</param>
/// <param name="StoredUtc">When the first of them did.</param>
public sealed record GapRange(
    string Stream, int Partition, GapKind Kind, long From, long To, int Buckets, DateTime StoredUtc)
{
    /// <summary>How many offsets it has.</summary>
    public long Records => To - From;
}
