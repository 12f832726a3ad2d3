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
/// <param name="Skipped">
/// How many offsets just below hold no record. What is there in place of records has epochs of its own, which readers are not
/// told: so the epoch is one of the position before them, <see cref="BehindRecord"/>. Zero where the epoch is unknown.
/// </param>
public readonly record struct LogPosition(long Offset, int Epoch, long Skipped = 0)
{
    /// <summary>No record is below, or the broker gives no epochs. Equals every epoch.</summary>
    public const int UnknownEpoch = -1;

    /// <summary>Where every log begins.</summary>
    public static LogPosition Start { get; } = new(0, UnknownEpoch);

    /// <summary>The place just behind the record that <see cref="Epoch"/> is of: what a broker can be asked about.</summary>
    public LogPosition BehindRecord => new(Offset - Skipped, Epoch);

    /// <summary>The place at a later offset up to which the log holds no record.</summary>
    public LogPosition SkipTo(long offset) => new(offset, Epoch, Epoch == UnknownEpoch ? 0 : Skipped + offset - Offset);

    /// <summary>Whether both are the same place in the same log, as far as their epochs can say.</summary>
    public bool IsSameAs(LogPosition other) =>
        Offset == other.Offset && (Epoch == other.Epoch || Epoch == UnknownEpoch || other.Epoch == UnknownEpoch);

    /// <summary>
    /// As written down: <c>1500@3</c>, or <c>1500</c> where the epoch is unknown, or <c>1500~2@3</c> where the two offsets just below
    /// hold no record.
    /// </summary>
    public override string ToString() =>
        Epoch == UnknownEpoch ? $"{Offset}" : Skipped == 0 ? $"{Offset}@{Epoch}" : $"{Offset}~{Skipped}@{Epoch}";
}
