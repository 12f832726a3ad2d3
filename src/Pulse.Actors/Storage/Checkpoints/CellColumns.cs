using Pulse.Counting;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>
/// The cells of a statement in the order of the result table's primary key: neighbours in the index are written together,
/// and two statements can wait for each other but never both ways.
/// </summary>
internal sealed class CellColumns
{
    private readonly KeyCount[] _cells;

    /// <summary>Copies and sorts the cells.</summary>
    /// <exception cref="ArgumentException">The same key and window come twice.</exception>
    public CellColumns(CheckpointStatement statement)
    {
        _cells = [.. statement.Counts];
        Array.Sort(_cells, ResultTable.ByKey);
        for (var index = 1; index < _cells.Length; index++)
        {
            if (ResultTable.ByKey(_cells[index - 1], _cells[index]) == 0)
                throw new ArgumentException(
                    $"A statement of {statement.Bucket} has the cell {_cells[index].Key} {_cells[index].Window} twice.", nameof(statement));
        }
    }

    /// <summary>The cells, sorted.</summary>
    public IReadOnlyList<KeyCount> Sorted => _cells;

    /// <summary>How many there are.</summary>
    public int Count => _cells.Length;

    /// <summary>The values of one dimension.</summary>
    public string[] Values(int dimension) => Array.ConvertAll(_cells, cell => cell.Key.Values[dimension]);

    /// <summary>The ends of windows, without a kind as columns without a time zone have it.</summary>
    public DateTime[] WindowEnds() =>
        Array.ConvertAll(_cells, cell => DateTime.SpecifyKind(cell.Window.EndUtc, DateTimeKind.Unspecified));

    /// <summary>The increments.</summary>
    public long[] Increments() => Array.ConvertAll(_cells, cell => cell.Count);
}
