using System.Text.Json;

namespace Pulse.Benchmarks.Subjects;

/// <summary>What a process under test is told on its command line, as JSON.</summary>
internal sealed record SubjectSettings
{
    /// <summary>What it is to be.</summary>
    public required SubjectKind Kind { get; init; }

    public required string BootstrapServers { get; init; }

    public required string Topic { get; init; }

    public required int Partitions { get; init; }

    /// <summary>For <see cref="SubjectKind.Pulse"/>: the database.</summary>
    public string? Postgres { get; init; }

    /// <summary>Its consumer group.</summary>
    public string Group => $"{Topic}-{Kind}";

    /// <summary>For <see cref="SubjectKind.Pulse"/>: counts by title as well, in so many hashed buckets; 0 for not.</summary>
    public int TitleBuckets { get; init; }

    public double CheckpointSeconds { get; init; } = 5;

    /// <summary>The remoting port; 0 for a cluster of one.</summary>
    public int Port { get; init; }

    /// <summary>The seed node's port; 0 for a cluster of one.</summary>
    public int SeedPort { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this);

    public static SubjectSettings FromJson(string json) => JsonSerializer.Deserialize<SubjectSettings>(json)!;
}
