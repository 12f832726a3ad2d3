namespace Pulse.Verification;

/// <summary>A number that the log refutes: a cell of a table, or a counter of a bucket.</summary>
public sealed class Difference
{
    /// <summary>How many offsets are named at most.</summary>
    public const int MaximumOffsets = 20;

    private readonly List<(int Partition, long Offset)> _offsets = [];

    /// <summary>The end of the cell's window; null for a counter, or where the table has no time there.</summary>
    public DateTime? WindowEnd { get; init; }

    /// <summary>The values of the cell's key; empty for a counter.</summary>
    public IReadOnlyList<string> Key { get; init; } = [];

    /// <summary>The counter's bucket; null for a cell.</summary>
    public int? Bucket { get; init; }

    /// <summary>The counter's name; null for a cell.</summary>
    public string? Counter { get; init; }

    /// <summary>Of a row that Pulse never writes, whatever the log holds: why. Its numbers say nothing then.</summary>
    public string? Problem { get; init; }

    /// <summary>The number in the database.</summary>
    public required long Stored { get; init; }

    /// <summary>The least that it can be by the log.</summary>
    public required long Least { get; init; }

    /// <summary>The greatest that it can be by the log.</summary>
    public required long Greatest { get; init; }

    /// <summary>The first records that count in the cell, in the order in which they were read.</summary>
    public IReadOnlyList<(int Partition, long Offset)> Offsets => _offsets;

    /// <summary>How many records count in the cell.</summary>
    public long OffsetCount { get; private set; }

    /// <summary>Notes a record that counts in the cell.</summary>
    internal void Add(int partition, long offset)
    {
        OffsetCount++;
        if (_offsets.Count < MaximumOffsets)
            _offsets.Add((partition, offset));
    }
}
