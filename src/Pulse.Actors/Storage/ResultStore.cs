using Pulse.Actors.Rollups;

namespace Pulse.Actors.Storage;

/// <summary>
/// The result tables, on SQLite and PostgreSQL through the same statements. Counts only grow: an upsert keeps the
/// larger of the stored and the given count, so that a repeated, late or stale write can never take a count back.
/// </summary>
public sealed class ResultStore
{
    /// <summary>Opens nothing yet; connections are taken per call from the driver's pool.</summary>
    public ResultStore(StorageOptions options, RollupCatalog catalog) => throw new NotImplementedException();

    /// <summary>
    /// Makes the tables that are absent and checks that every rollup, and the window length, are declared as they were
    /// when they were first counted here.
    /// </summary>
    /// <exception cref="StorageException">Unreachable, or declared otherwise before; the message says what to do.</exception>
    public Task PrepareAsync(TimeSpan windowLength, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Writes absolute counts, in one transaction for all rollups.</summary>
    public Task UpsertAsync(IReadOnlyList<BucketResults> results, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>The UTC dates of a rollup's window ends, ascending.</summary>
    public Task<IReadOnlyList<DateOnly>> DatesAsync(Rollup rollup, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Streams the rows whose window ends on a date, ordered by window end, then dimensions.</summary>
    public IAsyncEnumerable<ResultRow> ReadAsync(
        Rollup rollup, DateOnly date, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Sums over a whole rollup: what was counted and what came too late to be counted.</summary>
    public Task<RollupTotals> TotalsAsync(Rollup rollup, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Asks the database for the least thing it can answer.</summary>
    /// <exception cref="StorageException">It does not answer.</exception>
    public Task PingAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
