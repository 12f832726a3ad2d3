namespace Pulse.Counting;

/// <summary>
/// A place in a partition's log: the next offset, and which log it is a place in. Offsets alone can't tell a log from
/// one that was cut and grew again; the leader epoch of the record just below can.
/// </summary>
/// <param name="Offset">The next offset: everything below it was handled.</param>
/// <param name="Epoch">
/// The leader epoch of the record just below, or <see cref="UnknownEpoch"/>. Where the offset just below holds none, such as
/// a transaction's marker, that of the last record before it.
/// </param>
public readonly record struct LogPosition(long Offset, int Epoch)
{
    /// <summary>No record is below, or the broker gives no epochs. Equals every epoch.</summary>
    public const int UnknownEpoch = -1;

    /// <summary>Where every log begins.</summary>
    public static LogPosition Start { get; } = new(0, UnknownEpoch);

    /// <summary>Whether both are the same place in the same log, as far as their epochs can say.</summary>
    public bool IsSameAs(LogPosition other) =>
        Offset == other.Offset && (Epoch == other.Epoch || Epoch == UnknownEpoch || other.Epoch == UnknownEpoch);

    /// <summary>As written down: <c>1500@3</c>, or <c>1500</c> where the epoch is unknown.</summary>
    public override string ToString() => Epoch == UnknownEpoch ? $"{Offset}" : $"{Offset}@{Epoch}";
}
