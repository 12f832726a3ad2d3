using LinqToDB.Data;

namespace Pulse.Actors.Storage;

/// <summary>
/// Finds buckets that another incarnation has overtaken. The journal's unique key refuses a stale write only while the
/// event of that number still exists; once it was deleted as superseded, a bucket that slept through it can store under
/// its old number. So a checkpoint counts only if it is the newest of its bucket when its results are written.
/// </summary>
internal sealed class CheckpointFence(SqlDialect dialect)
{
    /// <summary>The results whose checkpoint is not the newest one of its persistence id.</summary>
    public async Task<IReadOnlyList<BucketResults>> OvertakenAsync(
        DataConnection connection, IReadOnlyList<BucketResults> results, CancellationToken cancellationToken)
    {
        var newest = new Dictionary<string, long>();
        var ids = results
            .Select(bucket => bucket.Checkpoint?.PersistenceId)
            .OfType<string>()
            .Distinct(StringComparer.Ordinal);
        foreach (var chunk in ids.Chunk(dialect.RowsPerStatement))
            await ReadNewestAsync(connection, chunk, newest, cancellationToken).ConfigureAwait(false);

        return
        [
            .. results.Where(bucket => bucket.Checkpoint is { } checkpoint
                && newest.GetValueOrDefault(checkpoint.PersistenceId) != checkpoint.SequenceNumber),
        ];
    }

    private async Task ReadNewestAsync(
        DataConnection connection, string[] ids, Dictionary<string, long> newest, CancellationToken cancellationToken)
    {
        var parameters = ids.Select((id, index) => dialect.Text(UpsertStatement.ParameterName(index), id)).ToArray();
        var names = string.Join(", ", parameters.Select(parameter => $"@{parameter.Name}"));
        await using var reader = await connection
            .ExecuteReaderAsync(
                $"select persistence_id, max(sequence_number) from {PersistenceConfiguration.JournalTable} "
                + $"where persistence_id in ({names}) group by persistence_id",
                cancellationToken,
                parameters)
            .ConfigureAwait(false);
        while (await reader.Reader!.ReadAsync(cancellationToken).ConfigureAwait(false))
            newest.Add(reader.Reader.GetString(0), reader.Reader.GetInt64(1));
    }
}
