using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>A node's connections to PostgreSQL, few and pooled, and their errors as clear lines.</summary>
internal sealed class PostgresSessions : IStorageSessions
{
    /// <summary>The most connections of a node; whoever needs one more waits.</summary>
    public const int MaximumConnections = 4;

    private const int PreparedTexts = 64;

    // So often is work done that the server undid for the sake of another transaction's.
    private const int Attempts = 5;

    // Any number that no other program is likely to use for an advisory lock of its own: "pulse" in ASCII. All versions of
    // Pulse take the same one.
    private const long AloneLock = 0x70_75_6C_73_65;

    // A backslash keeps a blank within the option's value. Part of the session's start, it is what DISCARD ALL goes back to.
    private const string ReadCommitted = @"-c default_transaction_isolation=read\ committed";

    private readonly NpgsqlDataSource _source;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="address">The database; with several hosts, its primary unless the connection string says otherwise.</param>
    /// <exception cref="StorageException">The connection string can't be understood.</exception>
    public PostgresSessions(StorageAddress address)
    {
        Address = address;
        Faults = new StorageFaults(address.Description);
        var settings = new NpgsqlConnectionStringBuilder(address.ConnectionString)
        {
            Pooling = true,
            Multiplexing = false,
            IncludeFailedBatchedCommand = true,
            // Of a row that is refused, only the detail says which.
            IncludeErrorDetail = true,
        };
        // Parsing and planning cost more than executing where a statement has few cells. A few texts for each rollup.
        if (!settings.Keys.OfType<string>().Any(key => key == "Max Auto Prepare"))
            settings.MaxAutoPrepare = PreparedTexts;
        settings.MaxPoolSize = Math.Min(settings.MaxPoolSize, MaximumConnections);
        settings.MinPoolSize = Math.Min(settings.MinPoolSize, settings.MaxPoolSize);
        settings.Options = $"{settings.Options ?? Environment.GetEnvironmentVariable("PGOPTIONS")} {ReadCommitted}".TrimStart();
        if (settings.Host!.Contains(',', StringComparison.Ordinal))
            settings.TargetSessionAttributes ??= "primary";
        // Zero is the driver's word for waiting without end until a statement is really cancelled.
        if (settings.CancellationTimeout == 0)
            settings.CancellationTimeout = (int)TimeSpan.FromSeconds(2).TotalMilliseconds;
        try
        {
            _source = new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
        }
        // Which of these it is depends on which parts of the string do not fit together.
        catch (Exception mistake) when (mistake is NotSupportedException or ArgumentException or FormatException or OverflowException)
        {
            throw new StorageException(
                $"{address.Description}: {mistake.Message.TrimEnd('.')}. Correct the connection string.", mistake);
        }
    }

    /// <inheritdoc />
    public StorageKind Kind => StorageKind.Postgres;

    /// <inheritdoc />
    public StorageAddress Address { get; }

    /// <inheritdoc />
    public StorageFaults Faults { get; }

    /// <summary>A connection that is open; disposing gives it back. Throws what the driver throws.</summary>
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) =>
        _source.OpenConnectionAsync(cancellationToken);

    /// <inheritdoc />
    public DbConnection Create() => _source.CreateConnection();

    /// <summary>
    /// Runs work on a connection, again where the server undid it for another's sake; every failure comes out as a
    /// <see cref="StorageException"/>.
    /// </summary>
    public async Task<T> RunAsync<T>(
        Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
                return await UseAsync(() => work(connection, cancellationToken)).ConfigureAwait(false);
            }
            catch (Exception exception) when (attempt < Attempts && IsUndone(exception))
            {
                // Once more.
            }
            catch (Exception exception) when (TryTranslate(exception, cancellationToken, out var fault))
            {
                throw fault;
            }
        }
    }

    /// <summary>
    /// Does something with an open connection. Where the driver throws, that connection is closed for good when it is given back: to be
    /// called before it is.
    /// </summary>
    /// <remarks>
    /// After an error between a statement's preparation and its description the driver believes that it knows the statement, and takes it
    /// for one without a result: it skips results, or loses its place. What the pool has cleared meanwhile is closed when it comes back.
    /// </remarks>
    public async Task<T> UseAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not StorageException)
        {
            _source.Clear();
            throw;
        }
    }

    /// <inheritdoc />
    public Task<T> RunAloneAsync<T>(
        Func<DbConnection, CancellationToken, Task<T>> work, TimeSpan patience, CancellationToken cancellationToken) => RunAsync(
            async (connection, token) =>
            {
                await using var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
                await using (var turn = connection.Command("select pg_advisory_xact_lock(@lock)", ("lock", AloneLock)))
                {
                    turn.CommandTimeout = (int)patience.TotalSeconds;
                    await turn.ExecuteNonQueryAsync(token).ConfigureAwait(false);
                }

                var result = await work(connection, token).ConfigureAwait(false);
                await transaction.CommitAsync(token).ConfigureAwait(false);
                return result;
            },
            cancellationToken);

    /// <inheritdoc />
    Task<T> IStorageSessions.RunAsync<T>(
        Func<DbConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken) => RunAsync(work, cancellationToken);

    /// <summary>
    /// Whether the server has undone a statement for no fault of its own: for the sake of another's (a deadlock, or no order of both), or
    /// since the session's plan of it was made before a table changed or is gone, which another session has not.
    /// </summary>
    public static bool IsUndone(Exception exception) => FirstOf(exception) is PostgresException
    {
        SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
            or PostgresErrorCodes.FeatureNotSupported or PostgresErrorCodes.InvalidSqlStatementName,
    };

    /// <summary>
    /// What a driver's exception says in one line. Where it says that the session can't write, all idle sessions are closed:
    /// they go on being read-only when the database no longer is, or when another server is the primary.
    /// </summary>
    public bool TryTranslate(
        Exception exception, CancellationToken cancellationToken, [NotNullWhen(true)] out StorageException? fault)
    {
        if (FirstOf(exception) is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction })
        {
            (_source as NpgsqlMultiHostDataSource)?.ClearDatabaseStates();
            _source.Clear();
        }

        return Faults.TryTranslate(exception, cancellationToken, out fault);
    }

    /// <summary>The first of a batch's errors, which the driver wraps where there are several.</summary>
    public static Exception FirstOf(Exception exception) =>
        exception is NpgsqlException { InnerException: AggregateException { InnerExceptions: [var first, ..] } }
            ? first
            : exception;

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
