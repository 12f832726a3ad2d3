using Npgsql;
using NpgsqlTypes;
using Pulse.Benchmarks.Nodes;
using Pulse.Counting;

namespace Pulse.Benchmarks.Checkpoint;

/// <summary>The reference: the same rows by one binary COPY into a table without any key.</summary>
/// <param name="connectionString">The database.</param>
/// <param name="shape">How many buckets and rows.</param>
internal sealed class PlainCopy(string connectionString, CheckpointShape shape) : ICheckpointSubject, IAsyncDisposable
{
    public const string Table = "plain_rows";
    private readonly NpgsqlConnection _connection = new(connectionString);

    public async Task PrepareAsync()
    {
        await _connection.OpenAsync();
        await using var create = _connection.CreateCommand();
        create.CommandText = $"create table {Table} (content_name text not null, language text not null, "
            + "view_count bigint not null, window_end_utctime timestamptz not null)";
        await create.ExecuteNonQueryAsync();
    }

    public Task<Expense> StoreAsync(Window window) => Expense.OfAsync(async () =>
    {
        await using var copy = await _connection.BeginBinaryImportAsync($"copy {Table} from stdin (format binary)");
        for (var bucket = 0; bucket < shape.Buckets.Count; bucket++)
        {
            foreach (var key in shape.Keys(bucket))
            {
                await copy.StartRowAsync();
                await copy.WriteAsync(key.Values[0], NpgsqlDbType.Text);
                await copy.WriteAsync(key.Values[1], NpgsqlDbType.Text);
                await copy.WriteAsync(1L, NpgsqlDbType.Bigint);
                await copy.WriteAsync(window.EndUtc, NpgsqlDbType.TimestampTz);
            }
        }

        await copy.CompleteAsync();
    });

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
