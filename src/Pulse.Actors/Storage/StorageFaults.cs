using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Pulse.Actors.Storage;

/// <summary>Turns what the two drivers throw into one clear line each.</summary>
internal sealed class StorageFaults(string place)
{
    /// <summary>What to do where the database's user may not do what a node does.</summary>
    public const string RightsRemedy =
        "Each start may create, alter and rename Pulse's tables, and grants on tables are not enough for that: make the user their "
        + "owner, or grant it the role that owns them, and grant it CREATE on the schema.";

    private const int MaximumDetail = 300;

    private static readonly string[] Drivers =
        [typeof(NpgsqlConnection).Assembly.GetName().Name!, typeof(SqliteConnection).Assembly.GetName().Name!];

    // By the first two characters of SQLSTATE: a feature that the table lacks, a row twice in one statement, data, constraints, triggers and
    // what they raise, names and types and rights, a view's check, limits such as that of a row in an index.
    private static readonly string[] RefusingClasses = ["0A", "21", "22", "23", "27", "2F", "38", "39", "42", "44", "54", "P0"];

    /// <summary>
    /// Whether the database refuses a statement for the sake of what it holds or of what the table is: it is there, does other
    /// statements, and says the same of this one until somebody changes something.
    /// </summary>
    public static bool IsRefusal(Exception exception) => exception switch
    {
        PostgresException server => RefusingClasses.Contains(server.SqlState[..2]) || server.SqlState == PostgresErrorCodes.ObjectNotInPrerequisiteState,
        SqliteException sqlite => sqlite.SqliteErrorCode is SQLitePCL.raw.SQLITE_ERROR or SQLitePCL.raw.SQLITE_CONSTRAINT
            or SQLitePCL.raw.SQLITE_MISMATCH or SQLitePCL.raw.SQLITE_SCHEMA or SQLitePCL.raw.SQLITE_TOOBIG,
        _ => false,
    };

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
            { Source: { } source } when Drivers.Contains(source) => OutOfStep(exception),
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

    // A driver that does not know what it receives has lost its place on the connection: nothing is known of what was executed.
    private StorageException OutOfStep(Exception exception) => Line(
        $"the driver can't use what the database answered ({OneLine(exception.Message)})",
        "The connection is closed and the work done anew. If it goes on: see whether somebody changed Pulse's tables, and whether a proxy between them fits.",
        exception, isTransient: true);

    private StorageException Translate(PostgresException server) => server.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => Line(
            "the server refuses the user name or password",
            "Correct Username and Password of the connection string, or the server's pg_hba.conf.", server, false),
        PostgresErrorCodes.InvalidCatalogName => Line(
            "the database does not exist", "Create it, or correct Database of the connection string.", server, false),
        PostgresErrorCodes.InsufficientPrivilege => new UnfitDatabaseException(
            $"{place}: {OneLine(server.MessageText)}. {RightsRemedy}", server),
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn => Line(
            server.MessageText,
            "A table was dropped or changed: change it back. Where its rows are gone, restore the whole database from a backup.",
            server, false),
        _ when IsRefusal(server) => Line(
            $"{OneLine(server.MessageText)} ({Particulars(server)})", "Change back what refuses it; it is tried again by itself.", server, false),
        PostgresErrorCodes.DiskFull => Line(
            server.MessageText, "Make room on the server's disk.", server, isTransient: true),
        PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            => Line("the server is starting or stopping", "Wait, or look at its log.", server, isTransient: true),
        PostgresErrorCodes.ReadOnlySqlTransaction => Line(
            "the server takes no writes: it is a replica, or default_transaction_read_only is on for it, the database or the user",
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
            "the file can't be written, it is read only",
            "Check its permissions, its directory's, and whether the file system is mounted for writing.", sqlite, false),
        SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT => Line(
            "the file is no intact SQLite database", "Move it away and start again, or restore a copy.", sqlite, false),
        SQLitePCL.raw.SQLITE_FULL => Line("the disk is full", "Make room.", sqlite, isTransient: true),
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => Line(
            "another process keeps the file locked", "End it; one node at a time uses a file.", sqlite, true),
        _ when IsRefusal(sqlite) => Line(sqlite.Message, "Change back what refuses it; it is tried again by itself.", sqlite, false),
        SQLitePCL.raw.SQLITE_IOERR => Line("reading or writing failed", "Check the disk.", sqlite, true),
        _ => Line(sqlite.Message, "See the error code.", sqlite, isTransient: false),
    };

    // The row that is refused is in the detail, where the server says it.
    private static string Particulars(PostgresException server) => string.Join("; ", ((string?[])
    [
        $"SQLSTATE {server.SqlState}",
        server.TableName is { } table ? $"table {table}" : null,
        server.ColumnName is { } column ? $"column {column}" : null,
        server.ConstraintName is { } constraint ? $"constraint {constraint}" : null,
        server.Detail is { } detail ? OneLine(Shortened(detail)) : null,
    ]).OfType<string>());

    private static string Shortened(string detail) => detail.Length > MaximumDetail ? $"{detail[..MaximumDetail]}…" : detail;

    private StorageException TimedOut(Exception exception) => Line(
        "it did not answer in time", "Check that the server runs and is not overloaded.", exception, isTransient: true);

    private StorageException Unreachable(Exception exception) => Line(
        $"the connection failed ({OneLine((exception.InnerException ?? exception).Message)})",
        "Check that the server runs and that Host and Port are right.", exception, isTransient: true);

    private StorageException Line(string what, string remedy, Exception cause, bool isTransient) =>
        new($"{place}: {OneLine(what)}. {remedy}", cause, isTransient);

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}
