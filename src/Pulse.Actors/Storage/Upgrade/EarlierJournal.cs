using System.Data.Common;
using System.Runtime.CompilerServices;
using Pulse.Actors.Storage.Checkpoints;

namespace Pulse.Actors.Storage.Upgrade;

/// <summary>The tables of an earlier version that are put aside, and what is read in them.</summary>
/// <param name="connection">The database, in the upgrade's transaction.</param>
internal sealed class EarlierJournal(DbConnection connection)
{
    /// <summary>What the put-aside tables' names end with.</summary>
    public const string Suffix = "_v1";

    /// <summary>The tables that are put aside, by the names that they have before.</summary>
    public static IReadOnlyList<string> Tables { get; } =
        [PersistenceConfiguration.JournalTable, EarlierVersions.Declarations, EarlierVersions.LateEvents];

    private const string Aside = PersistenceConfiguration.JournalTable + Suffix;
    private const string Columns = "created, deleted, persistence_id, sequence_number, message, tags, manifest, identifier, writer_uuid";

    /// <summary>
    /// Puts the tables aside. On PostgreSQL that waits for whoever writes results, and keeps all others out: they ask the journal
    /// first whether they are still the newest.
    /// </summary>
    public async Task PutAsideAsync(CancellationToken cancellationToken)
    {
        foreach (var table in Tables)
            await connection.ExecuteAsync($"alter table {table} rename to {table}{Suffix}", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Brings the events back that are none of buckets: the coordinator's.</summary>
    public async Task KeepOthersAsync(CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(
            $"insert into {PersistenceConfiguration.JournalTable} ({Columns}) select {Columns} from {Aside} "
            + $"where not ({EarlierVersions.IsBucketEvent}) order by ordering",
            cancellationToken).ConfigureAwait(false);
        await connection.ExecuteAsync(
            $"delete from {Aside} where not ({EarlierVersions.IsBucketEvent})", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The last checkpoint of each bucket, which holds all of its positions; those before it were published before it was made.
    /// One at a time is in memory.
    /// </summary>
    /// <exception cref="NotDrainedException">One can't be read.</exception>
    public async IAsyncEnumerable<EarlierCheckpoint> ReadLastAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var bucket = await NextAsync("", cancellationToken).ConfigureAwait(false);
            bucket is not null;
            bucket = await NextAsync(bucket, cancellationToken).ConfigureAwait(false))
        {
            var command = connection.Command(
                $"select manifest, message from {Aside} where persistence_id = @bucket order by sequence_number desc limit 1",
                ("bucket", bucket));
            await using var disposing = command.ConfigureAwait(false);
            var id = bucket;
            foreach (var checkpoint in await command.ReadAllAsync(
                row => EarlierCheckpoint.Read(id, row.GetString(0), row.GetFieldValue<byte[]>(1)), cancellationToken).ConfigureAwait(false))
                yield return checkpoint;
        }
    }

    /// <summary>How many events of a bucket were late, as published.</summary>
    public Task<long> LateOfAsync(EarlierCheckpoint bucket, CancellationToken cancellationToken) => SumLateAsync(
        "rollup = @rollup and bucket = @bucket", cancellationToken, ("rollup", bucket.Rollup), ("bucket", bucket.Bucket));

    /// <summary>How many events of a rollup were late.</summary>
    public Task<long> LateOfAsync(string rollup, CancellationToken cancellationToken) =>
        SumLateAsync("rollup = @rollup", cancellationToken, ("rollup", rollup));

    private async Task<long> SumLateAsync(
        string condition, CancellationToken cancellationToken, params (string, object)[] parameters)
    {
        var command = connection.Command(
            $"select cast(coalesce(sum(late_count), 0) as bigint) from {EarlierVersions.LateEvents}{Suffix} where {condition}", parameters);
        await using var disposing = command.ConfigureAwait(false);
        return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    private async Task<string?> NextAsync(string after, CancellationToken cancellationToken)
    {
        var command = connection.Command($"select min(persistence_id) from {Aside} where persistence_id > @after", ("after", after));
        await using var disposing = command.ConfigureAwait(false);
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as string;
    }
}
