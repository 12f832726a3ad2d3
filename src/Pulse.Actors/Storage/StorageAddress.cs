using Microsoft.Data.Sqlite;
using Npgsql;

namespace Pulse.Actors.Storage;

/// <summary>A connection string, understood: what goes to the driver and what may be shown to people.</summary>
/// <param name="ConnectionString">For the driver, with Pulse's time limits.</param>
/// <param name="Description">For people: kind and place, no secret.</param>
/// <param name="Directory">The directory of SQLite's file; null for a server.</param>
internal sealed record StorageAddress(string ConnectionString, string Description, string? Directory)
{
    /// <summary>How long one statement may take; a longer limit of the connection string is cut to it.</summary>
    public static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How long to wait for a connection, the wait for a free one of the pool included.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <exception cref="StorageException">It can't be understood; the message says what to write.</exception>
    public static StorageAddress Parse(StorageOptions options)
    {
        try
        {
            return options.Kind == StorageKind.Sqlite
                ? Sqlite(new SqliteConnectionStringBuilder(options.ConnectionString))
                : Postgres(new NpgsqlConnectionStringBuilder(options.ConnectionString));
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException
            or OverflowException or InvalidOperationException)
        {
            // The driver's message quotes the offending part, which may be the password.
            throw new StorageException(
                $"The connection string for {options.Kind} can't be understood. Write it like '{Example(options.Kind)}'.",
                exception);
        }
    }

    /// <summary>Creates the directory of SQLite's file where it is absent.</summary>
    /// <exception cref="StorageException">It can't be created.</exception>
    public void CreateDirectory()
    {
        try
        {
            System.IO.Directory.CreateDirectory(Directory!);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                $"{Description}: its directory can't be made ({exception.Message}). "
                + "Choose a directory that this user may write to.", exception);
        }
    }

    /// <inheritdoc />
    public override string ToString() => Description;

    private static StorageAddress Sqlite(SqliteConnectionStringBuilder builder)
    {
        if (builder.DataSource.Length == 0 || builder.DataSource == ":memory:"
            || builder.Mode == SqliteOpenMode.Memory || builder.DataSource.StartsWith("file:", StringComparison.Ordinal))
            throw new StorageException(
                $"SQLite storage needs a file. Write the connection string like '{Example(StorageKind.Sqlite)}'.");

        var file = Path.GetFullPath(builder.DataSource);
        builder.DataSource = file;
        builder.DefaultTimeout = Limited(builder.DefaultTimeout);
        return new StorageAddress(builder.ConnectionString, $"SQLite file '{file}'", Path.GetDirectoryName(file));
    }

    private static StorageAddress Postgres(NpgsqlConnectionStringBuilder builder)
    {
        if (string.IsNullOrWhiteSpace(builder.Host))
            throw new StorageException("The PostgreSQL connection string names no host. "
                + $"Write it like '{Example(StorageKind.Postgres)}'.");

        builder.CommandTimeout = Limited(builder.CommandTimeout);
        builder.Timeout = Math.Clamp(builder.Timeout, 1, (int)ConnectTimeout.TotalSeconds);
        builder.ApplicationName ??= "pulse";
        var database = builder.Database ?? builder.Username;
        return new StorageAddress(
            builder.ConnectionString, $"PostgreSQL database '{database}' at {builder.Host}:{builder.Port}", null);
    }

    // Zero is the drivers' word for no limit at all.
    private static int Limited(int seconds) =>
        seconds == 0 ? (int)CommandTimeout.TotalSeconds : Math.Min(seconds, (int)CommandTimeout.TotalSeconds);

    private static string Example(StorageKind kind) => kind == StorageKind.Sqlite
        ? "Data Source=pulse-data/pulse.db"
        : "Host=db.example.com;Database=pulse;Username=pulse;Password=…";
}
