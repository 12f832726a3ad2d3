using System.Data.Common;
using System.Globalization;
using Pulse.Actors.Storage.Checkpoints;

namespace Pulse.Actors.Storage.Gaps;

/// <summary>
/// Reads the table <c>pulse_gap</c> as people want it: every bucket stores a gap for itself, and they see it once. Thread-safe.
/// </summary>
public sealed class GapReader
{
    /// <summary>The most ranges that are read at once.</summary>
    public const int MaximumRead = 1_000;

    // Beyond that, sums are those of the first ones: nobody has lost records so often without noticing.
    private const int MaximumSummed = 100_000;

    /// <summary>How a gap of a cut log is written in the database.</summary>
    internal const string CutName = "cut";

    private const string RetentionName = "retention";

    private readonly IStorageSessions _sessions;

    internal GapReader(IStorageSessions sessions) => _sessions = sessions;

    /// <summary>Reads the gaps, the newest first.</summary>
    /// <param name="skipped">How many of the newest are left out.</param>
    /// <param name="limit">How many are read at most.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="StorageException">Storage can't be read.</exception>
    public Task<IReadOnlyList<GapRange>> ReadAsync(int skipped, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaximumRead);
        return _sessions.RunAsync<IReadOnlyList<GapRange>>(
            async (connection, token) =>
            {
                var command = connection.Command(
                    "select stream, partition, kind, from_offset, to_offset, "
                    + "count(distinct cast(version as bigint) * 100000 + bucket), min(stored_at) as first_at from pulse_gap "
                    + "group by stream, partition, kind, from_offset, to_offset "
                    + "order by first_at desc, stream, partition, from_offset, to_offset, kind limit @limit offset @skipped",
                    ("limit", limit),
                    ("skipped", skipped));
                await using var disposing = command.ConfigureAwait(false);
                return await command.ReadAllAsync(RangeOf, token).ConfigureAwait(false);
            },
            cancellationToken);
    }

    /// <summary>Adds the gaps up, by partition.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="StorageException">Storage can't be read.</exception>
    public Task<IReadOnlyList<GapSum>> SumAsync(CancellationToken cancellationToken) =>
        _sessions.RunAsync((connection, token) => SumAsync(connection, null, token), cancellationToken);

    /// <summary>The same of one version, in a transaction that is open.</summary>
    internal static async Task<IReadOnlyList<GapSum>> SumAsync(DbConnection connection, int? version, CancellationToken cancellationToken)
    {
        var where = version is { } number ? string.Create(CultureInfo.InvariantCulture, $" where version = {number}") : "";
        var command = connection.Command(
            $"select distinct stream, partition, kind, from_offset, to_offset from pulse_gap{where} "
            + "order by stream, partition, kind, from_offset, to_offset limit @limit",
            ("limit", MaximumSummed));
        await using var disposing = command.ConfigureAwait(false);
        return GapSum.Of(await command
            .ReadAllAsync(row => (row.GetString(0), row.GetInt32(1), KindOf(row), row.GetInt64(3), row.GetInt64(4)), cancellationToken)
            .ConfigureAwait(false));
    }

    private static GapRange RangeOf(DbDataReader row) => new(
        row.GetString(0),
        row.GetInt32(1),
        KindOf(row),
        row.GetInt64(3),
        row.GetInt64(4),
        row.GetInt32(5),
        DateTime.SpecifyKind(row.GetDateTime(6), DateTimeKind.Utc));

    private static GapKind KindOf(DbDataReader row) => row.GetString(2) switch
    {
        RetentionName => GapKind.Retention,
        CutName => GapKind.Cut,
        var other => throw new StorageException(
            $"Table pulse_gap has a gap of the kind '{other}', which this version of Pulse does not know. Run a newer one."),
    };
}
