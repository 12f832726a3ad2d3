namespace Pulse.Benchmarks.Subjects;

/// <summary>Something that reads the stream, inside its own process.</summary>
internal interface ISubject
{
    /// <summary>What it has done so far.</summary>
    SubjectReport Report();

    /// <summary>Has everything that was counted made durable and committed, in its own time.</summary>
    void Checkpoint();

    /// <summary>Ends in good order.</summary>
    /// <returns>The total of each rollup; empty where it counts none.</returns>
    Task<Dictionary<string, long>> EndAsync();
}
