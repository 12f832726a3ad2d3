using System.Data.Common;
using System.Text.Json;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;

namespace Pulse.Actors.Storage;

/// <summary>
/// How far sinks of records have come in each partition: a sink has everything below its position. Positions only grow, so it
/// does no harm where two nodes store at once: each has sent what it says. Throws <see cref="StorageException"/> where the
/// database can't do it.
/// </summary>
/// <param name="sessions">The database.</param>
internal sealed class SinkPositions(IStorageSessions sessions)
{
    /// <summary>The sink of dead letters.</summary>
    public const string DeadLetters = "deadLetters";

    /// <summary>The table.</summary>
    public static string Creation(StorageKind kind)
    {
        var text = SqlDialect.For(kind).TextType;
        var often = kind == StorageKind.Postgres
            ? " with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500)"
            : "";
        return $"create table pulse_sink (sink {text} not null, stream {text} not null, partition integer not null, "
            + $"position bigint not null, primary key (sink, stream, partition)){often}";
    }

    /// <summary>The positions of a sink in a stream, by partition; where it has none, it stands at the start of the log.</summary>
    public Task<IReadOnlyDictionary<int, long>> ReadAsync(string sink, string stream, CancellationToken cancellationToken) =>
        sessions.RunAsync<IReadOnlyDictionary<int, long>>(
            async (connection, token) =>
            {
                var command = connection.Command(
                    "select partition, position from pulse_sink where sink = @sink and stream = @stream", ("sink", sink), ("stream", stream));
                await using var disposing = command.ConfigureAwait(false);
                var rows = await command.ReadAllAsync(row => (row.GetInt32(0), row.GetInt64(1)), token).ConfigureAwait(false);
                return rows.ToDictionary(row => row.Item1, row => row.Item2);
            },
            cancellationToken);

    /// <summary>Stores positions, all of them in one statement. One that is further already stays.</summary>
    public Task StoreAsync(
        string sink, IReadOnlyCollection<KeyValuePair<StreamPartition, long>> positions, CancellationToken cancellationToken) =>
        sessions.RunAsync(
            async (connection, token) =>
            {
                await StoreAsync(connection, sessions.Kind, sink, positions, token).ConfigureAwait(false);
                return positions.Count;
            },
            cancellationToken);

    /// <summary>
    /// Lets the dead letters of a database that counted before there was a sink begin where they were sent up to. In it, no bucket
    /// came to stand beyond a bad record that was not delivered: so that is the furthest position of any bucket.
    /// </summary>
    /// <exception cref="StorageException">Positions can't be read.</exception>
    public static async Task BeginWhereBucketsStandAsync(
        DbConnection connection, StorageKind kind, CancellationToken cancellationToken)
    {
        var command = connection.Command("select distinct positions from pulse_bucket");
        await using var disposing = command.ConfigureAwait(false);
        var furthest = new Dictionary<StreamPartition, long>();
        foreach (var text in await command.ReadAllAsync(row => row.GetString(0), cancellationToken).ConfigureAwait(false))
        {
            var positions = BucketRows.PositionsOf("a bucket", text);
            foreach (var stream in positions.Streams)
            {
                foreach (var (partition, position) in positions.Of(stream).Index())
                {
                    var place = new StreamPartition(stream, partition);
                    if (position is { } known && known.Offset > furthest.GetValueOrDefault(place))
                        furthest[place] = known.Offset;
                }
            }
        }

        await StoreAsync(connection, kind, DeadLetters, furthest, cancellationToken).ConfigureAwait(false);
    }

    // In one order, so that two nodes wait for each other and never both ways.
    private static Task StoreAsync(
        DbConnection connection,
        StorageKind kind,
        string sink,
        IReadOnlyCollection<KeyValuePair<StreamPartition, long>> positions,
        CancellationToken cancellationToken)
    {
        var rows = positions
            .OrderBy(each => each.Key.Stream, StringComparer.Ordinal)
            .ThenBy(each => each.Key.Partition)
            .Select(each => (object[])[each.Key.Stream, each.Key.Partition, each.Value]);
        var from = kind == StorageKind.Postgres
            ? "value ->> 0, (value ->> 1)::integer, (value ->> 2)::bigint from json_array_elements(@rows::json)"
            : "value ->> 0, value ->> 1, value ->> 2 from json_each(@rows) where true";
        return connection.ExecuteAsync(
            $"insert into pulse_sink (sink, stream, partition, position) select @sink, {from} "
            + "on conflict (sink, stream, partition) do update set position = excluded.position "
            + "where pulse_sink.position < excluded.position",
            cancellationToken,
            ("sink", sink),
            ("rows", JsonSerializer.Serialize(rows)));
    }
}
