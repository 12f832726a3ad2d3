namespace Pulse.Benchmarks.Subjects;

/// <summary>The things that read the stream in a process of their own.</summary>
internal enum SubjectKind
{
    /// <summary>A tuned Confluent.Kafka loop that only touches each payload.</summary>
    Bare,

    /// <summary>The same with Pulse's decoder and three dense counters.</summary>
    Hand,

    /// <summary>A whole node.</summary>
    Pulse,
}
