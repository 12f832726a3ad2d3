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

    /// <summary>
    /// Stores the statements. From the first failure on, all outcomes are unknown; but where a statement alone is refused, those behind it
    /// are sent again.
    /// </summary>
    public async Task<IReadOnlyList<StatementOutcome>> StoreAsync(
        IReadOnlyList<PreparedStatement> statements, Window? reportedFrom, CancellationToken cancellationToken)
    {
        var outcomes = new StatementOutcome[statements.Count];
        List<int> left = [.. Enumerable.Range(0, statements.Count)];
        for (var repetitions = 0; left.Count > 0;)
        {
            var sent = Next(statements, left);
            var known = new List<StatementOutcome>();
            var failure = await SendAsync(sent, known, reportedFrom, cancellationToken).ConfigureAwait(false);
            for (var index = 0; index < known.Count; index++)
                outcomes[left[index]] = known[index];
            left.RemoveRange(0, known.Count);
            if (failure is null)
                continue;

            // The first statement without an outcome was undone, so it is sent again; those behind it are the same ones as
            // before, and are stored once.
            if (PostgresSessions.IsUndone(failure.Fault.InnerException!) && ++repetitions <= MaximumRepetitions)
                continue;

            if (failure.IsRefusal)
            {
                outcomes[left[0]] = StatementOutcome.Refused(failure.Fault);
                var refusing = sent[known.Count].Version;
                // What hits one bucket of a rollup often hits the next ones too; the other rollups wait for none of these.
                left = [.. left.Skip(1).OrderBy(index => statements[index].Version == refusing)];
                continue;
            }

            foreach (var index in left)
                outcomes[index] = StatementOutcome.Unknown(failure.Fault);
            break;
        }

        return outcomes;
    }

    private static List<PreparedStatement> Next(IReadOnlyList<PreparedStatement> statements, List<int> left)
    {
        var next = new List<PreparedStatement>();
        var cells = 0;
        foreach (var index in left)
        {
            if (next.Count == MaximumStatements || cells >= MaximumCells)
                break;
            next.Add(statements[index]);
            cells += statements[index].Cells.Count;
        }

        return next;
    }

    // What is thrown before anything is read, and is none of the server's words, was thrown while parameters were written: by their makers.
    private static bool IsOwn(Exception exception) =>
        exception is ArgumentException or InvalidCastException or FormatException or OverflowException or NotSupportedException;

    /// <summary>Sends one batch and adds the outcomes that are known.</summary>
    /// <returns>Why there are no more; null where all are known.</returns>
    private async Task<Failure?> SendAsync(
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
        var isWriting = false;
        try
        {
            await using var connection = await sessions.OpenAsync(limit.Token).ConfigureAwait(false);
            return await sessions.UseAsync(ExecuteAsync).ConfigureAwait(false);

            async Task<Failure?> ExecuteAsync()
            {
                await using var batch = new NpgsqlBatch(connection) { EnableErrorBarriers = true };
                foreach (var command in commands)
                    batch.BatchCommands.Add(command);

                isWriting = true;
                await using var reader = await batch.ExecuteReaderAsync(limit.Token).ConfigureAwait(false);
                isWriting = false;
                while (outcomes.Count < commands.Length)
                {
                    await reader.ReadAsync(limit.Token).ConfigureAwait(false);
                    unconfirmed = _statements[statements[outcomes.Count].Version].Read(reader);
                    await reader.NextResultAsync(limit.Token).ConfigureAwait(false);
                    outcomes.Add(unconfirmed);
                    unconfirmed = null;
                }

                return null;
            }
        }
        catch (Exception exception) when (
            !(isWriting && IsOwn(exception)) && sessions.TryTranslate(exception, cancellationToken, out var fault))
        {
            var server = PostgresSessions.FirstOf(exception) as PostgresException;
            var failed = server?.BatchCommand is { } command ? Array.IndexOf(commands, command) : -1;
            // Where the error is that of the next statement, the one that was read before is stored.
            if (unconfirmed is not null && failed > outcomes.Count)
                outcomes.Add(unconfirmed);
            return new Failure(fault, failed == outcomes.Count && StorageFaults.IsRefusal(server!));
        }
    }

    /// <summary>Why outcomes are missing.</summary>
    /// <param name="Fault">As one line.</param>
    /// <param name="IsRefusal">Whether the first statement without an outcome is refused, and nothing else is wrong.</param>
    private sealed record Failure(StorageException Fault, bool IsRefusal);
}
