using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>
/// A node's connections to a file of SQLite. The driver does its work before it returns, so work runs on a thread of the
/// pool: callers are actors and must not wait for a disk.
/// </summary>
/// <param name="address">The file.</param>
internal sealed class SqliteSessions(StorageAddress address) : IStorageSessions
{
    /// <inheritdoc />
    public StorageKind Kind => StorageKind.Sqlite;

    /// <inheritdoc />
    public StorageAddress Address => address;

    /// <inheritdoc />
    public StorageFaults Faults { get; } = new(address.Description);

    /// <inheritdoc />
    public DbConnection Create() => new SqliteConnection(address.ConnectionString);

    /// <summary>A connection that is open. Throws what the driver throws.</summary>
    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(address.ConnectionString);
        try
        {
            connection.Open();
            SetLockTimeout(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // SQLite waits for a lock from a millisecond up; the driver alone would look every 150 ms.
    private static void SetLockTimeout(SqliteConnection connection)
    {
        using var command = connection.Command(
            string.Create(CultureInfo.InvariantCulture, $"pragma busy_timeout = {connection.DefaultTimeout * 1000}"));
        command.ExecuteNonQuery();
    }

    /// <summary>Runs work on an open connection; every failure comes out as a <see cref="StorageException"/>.</summary>
    public Task<T> RunAsync<T>(Func<SqliteConnection, Task<T>> work, CancellationToken cancellationToken) => Faults.GuardAsync(
        () => Task.Run(
            async () =>
            {
                await using var connection = Open();
                return await work(connection).ConfigureAwait(false);
            },
            cancellationToken),
        cancellationToken);

    /// <inheritdoc />
    public Task<T> RunAloneAsync<T>(
        Func<DbConnection, CancellationToken, Task<T>> work, TimeSpan patience, CancellationToken cancellationToken) => RunAsync(
            async connection =>
            {
                connection.DefaultTimeout = (int)patience.TotalSeconds;
                SetLockTimeout(connection);
                await using var transaction = connection.BeginTransaction(deferred: false);
                var result = await work(connection, cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return result;
            },
            cancellationToken);

    /// <inheritdoc />
    Task<T> IStorageSessions.RunAsync<T>(
        Func<DbConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        RunAsync(connection => work(connection, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        using var connection = new SqliteConnection(address.ConnectionString);
        SqliteConnection.ClearPool(connection);
        return ValueTask.CompletedTask;
    }
}
