using System.Data.Common;
using Pulse.Actors.Storage.Checkpoints;

namespace Pulse.Actors.Storage;

/// <summary>
/// One small row for each running node. Each renews its own again and again, by which it also learns whether the database does what
/// storing needs: it is written where that is written. Everything throws <see cref="StorageException"/> where the database can't do it.
/// </summary>
/// <param name="sessions">The database.</param>
internal sealed class NodeRegister(IStorageSessions sessions)
{
    /// <summary>The table.</summary>
    public const string Table = "pulse_node";

    /// <summary>A row that was not renewed for so many minutes is that of a node that is gone, and is removed.</summary>
    public const int KeptMinutes = 10;

    /// <summary>How long to wait for a file that somebody else writes to. A node's own writing takes less.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    // A server that hangs is away sooner.
    private static readonly TimeSpan ServerLimit = TimeSpan.FromSeconds(3);

    // What lies in other columns is for those who judge who is alive.
    private const string Renewal =
        $"insert into {Table} (address, incarnation) values (@address, @incarnation) on conflict (address) do update "
        + "set incarnation = excluded.incarnation, seen = excluded.seen";

    /// <summary>How long a renewal may take before storage counts as away.</summary>
    public TimeSpan Limit => sessions.Kind == StorageKind.Postgres ? ServerLimit : Patience + TimeSpan.FromSeconds(2);

    /// <summary>The table; a row is written anew all the time.</summary>
    public static string Creation(StorageKind kind)
    {
        var text = SqlDialect.For(kind).TextType;
        var (now, often) = kind == StorageKind.Postgres
            ? ("timestamptz not null default now()", " with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500)")
            : ("text not null default current_timestamp", "");
        return $"create table {Table} (address {text} not null primary key, incarnation bigint not null, "
            + $"cluster {text} not null default '', unreachable {text} not null default '', seen {now}){often}";
    }

    /// <summary>Renews a node's row, and removes those of nodes that are long gone.</summary>
    /// <param name="address">Host and port of the node's remoting.</param>
    /// <param name="incarnation">Names this start of it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task RenewAsync(string address, long incarnation, CancellationToken cancellationToken)
    {
        return sessions.Kind == StorageKind.Postgres
            ? sessions.RunAsync(WriteAsync, cancellationToken)
            : sessions.RunAloneAsync(WriteAsync, Patience, cancellationToken);

        async Task<bool> WriteAsync(DbConnection connection, CancellationToken token)
        {
            var old = sessions.Kind == StorageKind.Postgres
                ? $"now() - interval '{KeptMinutes} minutes'"
                : $"datetime('now', '-{KeptMinutes} minutes')";
            await connection.ExecuteAsync(Renewal, token, ("address", address), ("incarnation", incarnation)).ConfigureAwait(false);
            await connection.ExecuteAsync($"delete from {Table} where seen < {old}", token).ConfigureAwait(false);
            return true;
        }
    }

    /// <summary>Removes a node's row, unless another incarnation of the node has it.</summary>
    /// <inheritdoc cref="RenewAsync" />
    public Task RemoveAsync(string address, long incarnation, CancellationToken cancellationToken) => sessions.RunAsync(
        async (connection, token) =>
        {
            await connection.ExecuteAsync(
                $"delete from {Table} where address = @address and incarnation = @incarnation",
                token,
                ("address", address),
                ("incarnation", incarnation)).ConfigureAwait(false);
            return true;
        },
        cancellationToken);
}
