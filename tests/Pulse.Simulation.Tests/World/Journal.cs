using Pulse.Counting;
using Pulse.Simulation.Tests.Audit;

namespace Pulse.Simulation.Tests.World;

/// <summary>A stored checkpoint, and what the auditor knew of its writer when it was taken.</summary>
internal sealed record JournalRow(
    long SequenceNumber, BucketCheckpoint Checkpoint, Shadow Shadow, BucketShell Writer, JournalRow? Parent);

/// <summary>
/// The journal of one bucket: rows with a unique sequence number. Deleted rows are gone, and their numbers are free.
/// </summary>
internal sealed class Journal
{
    private readonly List<JournalRow> _rows = [];

    /// <summary>The row with the highest number, which is never deleted.</summary>
    public JournalRow? Newest => _rows.Count == 0 ? null : _rows[^1];

    public long Highest => Newest?.SequenceNumber ?? 0;

    public IEnumerable<JournalRow> UpTo(long highest) => _rows.TakeWhile(row => row.SequenceNumber <= highest);

    /// <summary>Inserts a row, unless its number is taken; then, without the fence, replaces that row.</summary>
    public bool TryInsert(JournalRow row, bool fence)
    {
        var index = _rows.FindIndex(known => known.SequenceNumber >= row.SequenceNumber);
        if (index < 0)
        {
            _rows.Add(row);
            return true;
        }

        var isTaken = _rows[index].SequenceNumber == row.SequenceNumber;
        if (isTaken && fence)
            return false;
        if (isTaken)
            _rows[index] = row;
        else
            _rows.Insert(index, row);
        return true;
    }

    public void DeleteBelow(long sequenceNumber) => _rows.RemoveAll(row => row.SequenceNumber < sequenceNumber);
}
