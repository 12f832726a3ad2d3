using System.Runtime.CompilerServices;
using LinqToDB;
using LinqToDB.Data;
using LinqToDB.DataProvider.PostgreSQL;
using LinqToDB.DataProvider.SQLite;

namespace Pulse.Actors.Storage;

/// <summary>
/// One database as the rest of storage sees it: where it is, how to open it, and its errors as clear lines.
/// </summary>
internal sealed class Database
{
    private readonly DataOptions _options;
    private readonly StorageFaults _faults;

    /// <exception cref="StorageException">The connection string can't be understood.</exception>
    public Database(StorageOptions options)
    {
        var address = StorageAddress.Parse(options);
        Address = address;
        Dialect = SqlDialect.For(options.Kind);
        _faults = new StorageFaults(address.Description);
        _options = options.Kind switch
        {
            StorageKind.Sqlite => new DataOptions()
                .UseSQLite(address.ConnectionString, SQLiteProvider.Microsoft)
                .UseInterceptor(new SqliteSession()),
            StorageKind.Postgres => new DataOptions()
                .UsePostgreSQL(address.ConnectionString, PostgreSQLVersion.v13),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Kind, "No such kind of storage."),
        };
    }

    public StorageAddress Address { get; }

    public SqlDialect Dialect { get; }

    /// <summary>Runs work on a connection of the pool; every failure comes out as a <see cref="StorageException"/>.</summary>
    public async Task<T> RunAsync<T>(
        Func<DataConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            // SQLite's driver does its work before it returns; callers are actors and must not wait for a disk.
            return Dialect.Kind == StorageKind.Sqlite
                ? await Task.Run(OnConnectionAsync, cancellationToken).ConfigureAwait(false)
                : await OnConnectionAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (_faults.TryTranslate(exception, cancellationToken, out var fault))
        {
            throw fault;
        }

        async Task<T> OnConnectionAsync()
        {
            await using var connection = new DataConnection(_options);
            return await work(connection, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Runs work in one transaction, committed if the work returns.</summary>
    public Task RunInTransactionAsync(
        Func<DataConnection, CancellationToken, Task> work, CancellationToken cancellationToken) =>
        RunAsync(
            async (connection, token) =>
            {
                await using var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
                await work(connection, token).ConfigureAwait(false);
                await transaction.CommitAsync(token).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    /// <summary>Streams a query's rows as the driver delivers them; one row at a time is in memory.</summary>
    public async IAsyncEnumerable<T> StreamAsync<T>(
        string sql,
        DataParameter[] parameters,
        Func<System.Data.Common.DbDataReader, T> read,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var connection = new DataConnection(_options);
        await using var reader = await GuardAsync(
            () => connection.ExecuteReaderAsync(sql, cancellationToken, parameters), cancellationToken)
            .ConfigureAwait(false);
        var rows = reader.Reader!;
        while (await GuardAsync(() => rows.ReadAsync(cancellationToken), cancellationToken).ConfigureAwait(false))
            yield return read(rows);
    }

    // An iterator can't yield inside try/catch, so each step is guarded by itself.
    private async Task<T> GuardAsync<T>(Func<Task<T>> step, CancellationToken cancellationToken)
    {
        try
        {
            return await step().ConfigureAwait(false);
        }
        catch (Exception exception) when (_faults.TryTranslate(exception, cancellationToken, out var fault))
        {
            throw fault;
        }
    }
}
