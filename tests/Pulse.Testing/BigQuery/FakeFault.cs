namespace Pulse.Testing.BigQuery;

/// <summary>What goes wrong with one request to the fake.</summary>
public sealed record FakeFault
{
    private FakeFault()
    {
    }

    /// <summary>The status to answer with; zero: the connection breaks without an answer.</summary>
    public int Status { get; private init; }

    public string Reason { get; private init; } = "";

    /// <summary>Whether the request has its effect before it goes wrong.</summary>
    public bool IsAfterEffect { get; private init; }

    /// <summary>Of an upload's chunk, only so many bytes arrive; null: all.</summary>
    public int? ChunkBytes { get; private init; }

    /// <summary>What happens before the answer: to wait, or to have something crash.</summary>
    public Func<Task>? Meanwhile { get; private init; }

    public static FakeFault Refuse(int status, string reason) => new() { Status = status, Reason = reason };

    public static FakeFault LoseAnswer(int status = 0, string reason = "backendError") =>
        new() { Status = status, Reason = reason, IsAfterEffect = true };

    public static FakeFault BreakConnection() => new();

    /// <summary>Only the beginning of a chunk arrives, then the connection breaks.</summary>
    public static FakeFault InterruptChunk(int bytes) => new() { ChunkBytes = bytes, IsAfterEffect = true };

    /// <summary>Breaks the connection, before or after the request has its effect, and has something done first.</summary>
    public static FakeFault Crash(bool isAfterEffect, Func<Task> meanwhile) =>
        new() { IsAfterEffect = isAfterEffect, Meanwhile = meanwhile };
}
