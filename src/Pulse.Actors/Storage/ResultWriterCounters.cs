namespace Pulse.Actors.Storage;

/// <summary>What a <see cref="ResultWriter"/> did since the node's start; thread-safe to read.</summary>
public sealed class ResultWriterCounters
{
    private long _rows;
    private long _transactions;
    private long _failures;
    private long _waiting;

    /// <summary>Rows written and committed.</summary>
    public long Rows => Interlocked.Read(ref _rows);

    /// <summary>Committed transactions.</summary>
    public long Transactions => Interlocked.Read(ref _transactions);

    /// <summary>Attempts that failed and were repeated.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Requests that are not answered yet.</summary>
    public long Waiting => Interlocked.Read(ref _waiting);

    internal void Received() => Interlocked.Increment(ref _waiting);

    internal void Failed() => Interlocked.Increment(ref _failures);

    internal void Written(int requests, long rows)
    {
        Interlocked.Add(ref _rows, rows);
        Interlocked.Increment(ref _transactions);
        Interlocked.Add(ref _waiting, -requests);
    }
}
