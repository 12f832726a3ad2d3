using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Pulse.Actors.Storage;

/// <summary>Turns what the two drivers throw into one clear line each.</summary>
internal sealed class StorageFaults(string place)
{
    /// <summary>Whether the exception is storage's; cancellation asked for by the caller is not.</summary>
    public bool TryTranslate(
        Exception exception, CancellationToken cancellationToken, [NotNullWhen(true)] out StorageException? fault)
    {
        fault = exception switch
        {
            StorageException => null,
            OperationCanceledException when cancellationToken.IsCancellationRequested => null,
            PostgresException server => Translate(server),
            SqliteException sqlite => Translate(sqlite),
            NpgsqlException { InnerException: TimeoutException } timeout => TimedOut(timeout),
            NpgsqlException { InnerException: AggregateException { InnerExceptions: [var first, ..] } }
                when TryTranslate(first, cancellationToken, out var translated) => translated,
            NpgsqlException client => Unreachable(client),
            TimeoutException timeout => TimedOut(timeout),
            SocketException socket => Unreachable(socket),
            IOException or UnauthorizedAccessException => Line(
                exception.Message, "Check the path and its permissions.", exception, exception is IOException),
            OperationCanceledException => TimedOut(exception),
            AggregateException { InnerException: { } inner }
                when TryTranslate(inner, cancellationToken, out var translated) => translated,
            _ => null,
        };
        return fault is not null;
    }

    /// <summary>Does one thing with the driver; every failure comes out as a <see cref="StorageException"/>.</summary>
    public async Task<T> GuardAsync<T>(Func<Task<T>> step, CancellationToken cancellationToken)
    {
        try
        {
            return await step().ConfigureAwait(false);
        }
        catch (Exception exception) when (TryTranslate(exception, cancellationToken, out var fault))
        {
            throw fault;
        }
    }

    private StorageException Translate(PostgresException server) => server.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => Line(
            "the server refuses the user name or password",
            "Correct Username and Password of the connection string, or the server's pg_hba.conf.", server, false),
        PostgresErrorCodes.InvalidCatalogName => Line(
            "the database does not exist", "Create it, or correct Database of the connection string.", server, false),
        PostgresErrorCodes.InsufficientPrivilege => Line(
            server.MessageText,
            "Each start may create, alter and rename Pulse's tables, and grants on tables are not enough for that: make the user their "
            + "owner, or grant it the role that owns them, and grant it CREATE on the schema.",
            server, false),
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn => Line(
            server.MessageText, "A table was dropped or changed; restore the whole database from a backup.", server, false),
        PostgresErrorCodes.DiskFull => Line(
            server.MessageText, "Make room on the server's disk.", server, isTransient: true),
        PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            => Line("the server is starting or stopping", "Wait, or look at its log.", server, isTransient: true),
        PostgresErrorCodes.ReadOnlySqlTransaction => Line(
            "the server takes no writes",
            "Wait until it does, or name all hosts and Target Session Attributes=primary in the connection string.",
            server, isTransient: true),
        PostgresErrorCodes.TooManyConnections => Line(
            "the server has no free connection", "Raise its max_connections; a node takes few, see Maximum Pool Size.", server, true),
        _ => Line($"{server.MessageText} (SQLSTATE {server.SqlState})", "See the server's log.",
            server, server.IsTransient),
    };

    private StorageException Translate(SqliteException sqlite) => sqlite.SqliteErrorCode switch
    {
        SQLitePCL.raw.SQLITE_CANTOPEN => Line(
            "the file can't be opened", "Check that its directory exists and is writable.", sqlite, false),
        SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_PERM => Line(
            "the file can't be written", "Check its permissions and its directory's.", sqlite, false),
        SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT => Line(
            "the file is no intact SQLite database", "Move it away and start again, or restore a copy.", sqlite, false),
        SQLitePCL.raw.SQLITE_FULL => Line("the disk is full", "Make room.", sqlite, isTransient: true),
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => Line(
            "another process keeps the file locked", "End it; one node at a time uses a file.", sqlite, true),
        SQLitePCL.raw.SQLITE_IOERR => Line("reading or writing failed", "Check the disk.", sqlite, true),
        _ => Line(sqlite.Message, "See the error code.", sqlite, isTransient: false),
    };

    private StorageException TimedOut(Exception exception) => Line(
        "it did not answer in time", "Check that the server runs and is not overloaded.", exception, isTransient: true);

    private StorageException Unreachable(Exception exception) => Line(
        $"the connection failed ({OneLine((exception.InnerException ?? exception).Message)})",
        "Check that the server runs and that Host and Port are right.", exception, isTransient: true);

    private StorageException Line(string what, string remedy, Exception cause, bool isTransient) =>
        new($"{place}: {OneLine(what)}. {remedy}", cause, isTransient);

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}
