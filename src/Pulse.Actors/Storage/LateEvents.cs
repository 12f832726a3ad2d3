using LinqToDB.Data;

namespace Pulse.Actors.Storage;

/// <summary>The table of late events, in total per bucket.</summary>
internal sealed class LateEvents(SqlDialect dialect)
{
    public const string Table = "pulse_late_events";

    private readonly UpsertStatement _upsert = new(Table, ["rollup", "bucket"], "late_count", dialect.RowsPerStatement);

    public string Creation() =>
        $"create table if not exists {Table} (rollup {dialect.TextType} not null, bucket integer not null, "
        + "late_count bigint not null, primary key (rollup, bucket))";

    /// <summary>The sum of every rollup.</summary>
    public static string Totals() =>
        $"select rollup, cast(sum(late_count) as bigint) as late from {Table} group by rollup";

    /// <summary>Writes the totals of the buckets that have any, in the order of the primary key.</summary>
    public async Task UpsertAsync(
        DataConnection connection, IEnumerable<BucketResults> results, CancellationToken cancellationToken)
    {
        var totals = results
            .Where(bucket => bucket.LateCount > 0)
            .GroupBy(bucket => (Rollup: bucket.Rollup.Name, bucket.Bucket))
            .Select(group => (group.Key.Rollup, group.Key.Bucket, Count: group.Max(bucket => bucket.LateCount)))
            .OrderBy(total => total.Rollup, StringComparer.Ordinal)
            .ThenBy(total => total.Bucket);

        foreach (var chunk in totals.Chunk(_upsert.MaximumRows))
        {
            var parameters = new List<DataParameter>(chunk.Length * 3);
            foreach (var (rollup, bucket, count) in chunk)
            {
                parameters.Add(dialect.Text(UpsertStatement.ParameterName(parameters.Count), rollup));
                parameters.Add(dialect.Number(UpsertStatement.ParameterName(parameters.Count), bucket));
                parameters.Add(dialect.Number(UpsertStatement.ParameterName(parameters.Count), count));
            }

            await connection
                .ExecuteAsync(_upsert.For(chunk.Length), cancellationToken, [.. parameters])
                .ConfigureAwait(false);
        }
    }
}
