using Npgsql;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests;

/// <summary>What a takeover needs: the rows of the buckets, and no count, however many there are.</summary>
[Collection(Alone.Name)]
public sealed class TakeoverTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private const int Events = 4_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task A_killed_node_s_work_is_taken_over_while_nobody_can_read_a_count()
    {
        var stream = await TestStream.CreateAsync(kafka);
        var database = await postgres.CreateDatabaseAsync();
        await using var cluster = await TestCluster.StartAsync(
            _directory, stream, database, checkpointInterval: TimeSpan.FromSeconds(2));
        await stream.ProduceAsync(Events);
        await ExactCounts.StoredAsync(database, Events, Limit);
        PulseProcess[] survivors = [cluster.Nodes[0], cluster.Nodes[1]];
        await using (var connection = new NpgsqlConnection(database + ";Pooling=false"))
        {
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var command = new NpgsqlCommand(
                $"lock table deadLettersAggregation, {string.Join(", ", RollupCounts.Dimensions.Keys.Select(rollup => $"{rollup}Aggregation"))}",
                connection);
            await command.ExecuteNonQueryAsync();

            await cluster.Nodes[2].KillAsync();
            await TestCluster.MembersAsync(survivors.Length, survivors);
            await stream.ProduceAsync(Events);

            // A partition of the killed node is read on when every bucket has said where it stands.
            await Eventually.HoldsAsync(
                "every partition is read to its end",
                Limit,
                async () => await PositionsAsync(survivors) == 2 * Events,
                TimeSpan.FromMilliseconds(200));
        }

        await ExactCounts.StoredAsync(database, 2 * Events, Limit);
        await ExactCounts.AssertAsync(stream.Judge(), ResultTables.OfPostgres(database));
    }

    public void Dispose() => _directory.Dispose();

    private static async Task<long> PositionsAsync(IEnumerable<PulseProcess> nodes) =>
        (await Task.WhenAll(nodes.Select(node => node.StatusAsync()))).SelectMany(status => status.PartitionsHere).Sum(partition => partition.Position ?? 0);
}
