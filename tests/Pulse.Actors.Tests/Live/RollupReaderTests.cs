using Npgsql;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Live;

/// <summary>Questions about windows that are no longer in memory.</summary>
public sealed class RollupReaderTests(PostgresFixture postgres) : StorageTest(StorageKind.Postgres, postgres)
{
    private static readonly Rollup DeviceGenre = RollupCatalog.BuiltIn[0];
    private static readonly Rollup GenderAge = RollupCatalog.BuiltIn[1];
    private static readonly Window Stored = new(300);
    private static readonly Window InMemory = new(600);

    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    [Fact]
    public async Task However_many_questions_read_storage_checkpoints_find_a_connection()
    {
        var node = await Storage.OpenPreparedAsync();
        var writer = new BucketWriter(node, RollupCatalog.Default);
        await writer.CountAsync(DeviceGenre, [new KeyCount(new RollupKey("Mobile", "Drama"), Stored, 7)]);
        var model = new ReadModel(RollupCatalog.Default, new LiveOptions(), TimeSpan.FromMinutes(10));
        model.Find(DeviceGenre.Name)!.Fill([], Generations.None, InMemory, below: null);
        var reader = new RollupReader(model, node.Results);

        await using var other = new NpgsqlConnection(Storage.Options.ConnectionString);
        await other.OpenAsync(Deadline);
        await using var transaction = await other.BeginTransactionAsync(Deadline);
        await using (var command = new NpgsqlCommand("lock table viewsByDeviceGenreAggregation", other, transaction))
            await command.ExecuteNonQueryAsync(Deadline);
        var answers = Enumerable.Range(0, 8)
            .Select(minute => reader.AnswerAsync(new RollupQuery(DeviceGenre) { Minutes = [5, minute + 10] }, Deadline))
            .ToArray();
        await Eventually.HoldsAsync(
            "questions wait for the table",
            TimeSpan.FromSeconds(30),
            async () => await WaitingAsync() == RollupReader.MaximumReads);

        await writer.CountAsync(GenderAge, [new KeyCount(new RollupKey("Male", "20-29"), Stored, 3)]).WaitAsync(Deadline);

        Assert.Equal(RollupReader.MaximumReads, await WaitingAsync());
        await transaction.RollbackAsync(Deadline);
        Assert.All(await Task.WhenAll(answers), answer => Assert.Equal(7, answer.Total));
    }

    private async Task<int> WaitingAsync() => (await Storage.QueryAsync(
        "select 1 from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())")).Count;
}
