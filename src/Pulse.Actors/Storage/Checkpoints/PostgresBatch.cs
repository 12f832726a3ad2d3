using Npgsql;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>
/// Sends many statements one after another without waiting in between, each in a transaction of its own: an error barrier
/// follows each.
/// </summary>
/// <remarks>
/// Two things of the server and the driver decide what may be believed. The server commits <em>after</em> it has said that a
/// statement is complete, so a result counts only when the one behind it is there, or the end. And after an error the driver
/// discards the results of what stands behind the barrier, though the server executes it.
/// </remarks>
/// <param name="sessions">The connections.</param>
/// <param name="versions">The versions of the rollups.</param>
internal sealed class PostgresBatch(PostgresSessions sessions, RollupVersions versions)
{
    /// <summary>The most statements of one batch, so the most whose outcome one failure leaves unknown.</summary>
    public const int MaximumStatements = 64;

    /// <summary>A batch ends where it has this many cells; it has at least one statement. Bounds its time and memory.</summary>
    public const int MaximumCells = 65_536;

    // So often the server may undo statements for the sake of others.
    private const int MaximumRepetitions = 5;

    // Each statement has its own limit, that of commands; this one is for all of a batch.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Dictionary<RollupVersion, PostgresStatement> _statements =
        versions.All.ToDictionary(version => version, version => new PostgresStatement(version));

    /// <summary>Stores the statements; from the first failure on, all outcomes are unknown.</summary>
    public async Task<IReadOnlyList<StatementOutcome>> StoreAsync(
        IReadOnlyList<PreparedStatement> statements, Window? reportedFrom, CancellationToken cancellationToken)
    {
        var outcomes = new List<StatementOutcome>(statements.Count);
        for (var repetitions = 0; outcomes.Count < statements.Count;)
        {
            if (await SendAsync(Next(statements, outcomes.Count), outcomes, reportedFrom, cancellationToken).ConfigureAwait(false)
                is not { } fault)
                continue;

            // The first statement without an outcome was undone, so it is sent again; those behind it are the same ones as
            // before, and are stored once.
            if (PostgresSessions.IsUndone(fault.InnerException!) && ++repetitions <= MaximumRepetitions)
                continue;

            while (outcomes.Count < statements.Count)
                outcomes.Add(StatementOutcome.Unknown(fault));
        }

        return outcomes;
    }

    private static List<PreparedStatement> Next(IReadOnlyList<PreparedStatement> statements, int start)
    {
        var next = new List<PreparedStatement>();
        for (var cells = 0; start < statements.Count && next.Count < MaximumStatements && cells < MaximumCells; start++)
        {
            next.Add(statements[start]);
            cells += statements[start].Cells.Count;
        }

        return next;
    }

    /// <summary>Sends one batch and adds the outcomes that are known.</summary>
    /// <returns>Why there are no more; null where all are known.</returns>
    private async Task<StorageException?> SendAsync(
        List<PreparedStatement> statements,
        List<StatementOutcome> outcomes,
        Window? reportedFrom,
        CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        NpgsqlBatchCommand[] commands =
        [
            .. statements.Select(each => _statements[each.Version].Command(each.Statement, each.Cells, reportedFrom)),
        ];
        StatementOutcome? unconfirmed = null;
        var known = 0;
        try
        {
            await using var connection = await sessions.OpenAsync(limit.Token).ConfigureAwait(false);
            await using var batch = new NpgsqlBatch(connection) { EnableErrorBarriers = true };
            foreach (var command in commands)
                batch.BatchCommands.Add(command);

            await using var reader = await batch.ExecuteReaderAsync(limit.Token).ConfigureAwait(false);
            for (; known < commands.Length; known++)
            {
                await reader.ReadAsync(limit.Token).ConfigureAwait(false);
                unconfirmed = _statements[statements[known].Version].Read(reader);
                await reader.NextResultAsync(limit.Token).ConfigureAwait(false);
                outcomes.Add(unconfirmed);
                unconfirmed = null;
            }

            return null;
        }
        catch (Exception exception) when (sessions.TryTranslate(exception, cancellationToken, out var fault))
        {
            // Where the error is that of the next statement, the one that was read before is stored.
            if (unconfirmed is not null && PostgresSessions.FirstOf(exception) is PostgresException { BatchCommand: { } failed }
                && Array.IndexOf(commands, failed) > known)
                outcomes.Add(unconfirmed);
            return fault;
        }
    }
}
