using Npgsql;
using NpgsqlTypes;
using Pulse.Benchmarks.Nodes;
using Pulse.Counting;

namespace Pulse.Benchmarks.Checkpoint;

/// <summary>The reference: the same rows by one binary COPY into a table with the result table's primary key.</summary>
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
        create.CommandText = $"create table {Table} (content_name text collate \"C\" not null, language text collate \"C\" not null, "
            + "view_count bigint not null, window_end_utctime timestamp not null, primary key (content_name, language, window_end_utctime))";
        await create.ExecuteNonQueryAsync();
    }

    public Task<Expense> StoreAsync(Window window) => Expense.OfAsync(async () =>
    {
        var end = DateTime.SpecifyKind(window.EndUtc, DateTimeKind.Unspecified);
        await using var copy = await _connection.BeginBinaryImportAsync($"copy {Table} from stdin (format binary)");
        for (var bucket = 0; bucket < shape.Buckets.Count; bucket++)
        {
            foreach (var key in shape.Keys(bucket))
            {
                await copy.StartRowAsync();
                await copy.WriteAsync(key.Values[0], NpgsqlDbType.Text);
                await copy.WriteAsync(key.Values[1], NpgsqlDbType.Text);
                await copy.WriteAsync(1L, NpgsqlDbType.Bigint);
                await copy.WriteAsync(end, NpgsqlDbType.Timestamp);
            }
        }

        await copy.CompleteAsync();
    });

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
