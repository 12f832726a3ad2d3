using System.Text.Json;

namespace Pulse.Benchmarks.Subjects;

/// <summary>What a process under test says of itself, as one line of JSON on its standard output.</summary>
internal sealed record SubjectReport
{
    /// <summary>Records read since the start, replayed ones again.</summary>
    public long Consumed { get; init; }

    /// <summary>Bytes allocated on the managed heap since the start.</summary>
    public long Allocated { get; init; }

    /// <summary>Garbage collections since the start.</summary>
    public int Collections { get; init; }

    /// <summary>Bytes on the managed heap when they were last counted.</summary>
    public long Heap { get; init; }

    /// <summary>Position of each partition that it reads.</summary>
    public Dictionary<int, long> Positions { get; init; } = [];

    /// <summary>Committed offset of each partition that it reads.</summary>
    public Dictionary<int, long> Committed { get; init; } = [];

    /// <summary>Whether everything that it has read is committed.</summary>
    public bool IsCommitted => Positions.Count > 0
        && Positions.All(position => Committed.TryGetValue(position.Key, out var committed) && committed == position.Value);

    /// <summary>Only at the end: the total of each rollup.</summary>
    public Dictionary<string, long>? Totals { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this);

    public static SubjectReport FromJson(string json) => JsonSerializer.Deserialize<SubjectReport>(json)!;
}
