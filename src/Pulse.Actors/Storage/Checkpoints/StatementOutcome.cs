using Pulse.Counting;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>What became of one statement.</summary>
internal sealed record StatementOutcome
{
    private StatementOutcome(StatementResult result, IReadOnlyList<KeyCount> counts, StorageException? fault)
    {
        Result = result;
        Counts = counts;
        Fault = fault;
    }

    /// <summary>See <see cref="StatementResult.NotStored"/>.</summary>
    public static StatementOutcome NotStored { get; } = new(StatementResult.NotStored, [], null);

    /// <summary>What is known.</summary>
    public StatementResult Result { get; }

    /// <summary>
    /// Where it is stored: the counts that the result table now holds of the cells that it changed and that were asked for.
    /// </summary>
    public IReadOnlyList<KeyCount> Counts { get; }

    /// <summary>Where it is unknown or refused: why, as one line.</summary>
    public StorageException? Fault { get; }

    /// <summary>See <see cref="StatementResult.Stored"/>.</summary>
    public static StatementOutcome Stored(IReadOnlyList<KeyCount> counts) => new(StatementResult.Stored, counts, null);

    /// <summary>See <see cref="StatementResult.Refused"/>.</summary>
    public static StatementOutcome Refused(StorageException fault) => new(StatementResult.Refused, [], fault);

    /// <summary>See <see cref="StatementResult.Unknown"/>.</summary>
    public static StatementOutcome Unknown(StorageException fault) => new(StatementResult.Unknown, [], fault);
}
