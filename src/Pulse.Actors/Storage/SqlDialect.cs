using System.Globalization;
using LinqToDB;
using LinqToDB.Data;
using Pulse.Actors.Rollups;

namespace Pulse.Actors.Storage;

/// <summary>The little in which the two databases differ: column types, and how an instant is written.</summary>
internal sealed record SqlDialect(StorageKind Kind, string TextType, string InstantType)
{
    /// <summary>
    /// SQLite has no type for instants; this text sorts like time, is what SQLite's own date functions take and what
    /// PostgreSQL prints, so that a reader's query is the same on both.
    /// </summary>
    public const string InstantFormat = "yyyy-MM-dd HH:mm:ss";

    private static readonly SqlDialect Sqlite = new(StorageKind.Sqlite, "text", "text");

    // Byte order, whatever the server's locale: comparisons are cheaper, and both databases sort alike.
    private static readonly SqlDialect Postgres = new(StorageKind.Postgres, "text collate \"C\"", "timestamp");

    public static SqlDialect For(StorageKind kind) => kind == StorageKind.Sqlite ? Sqlite : Postgres;

    public DataParameter Instant(string name, DateTime utc) => Kind == StorageKind.Sqlite
        ? Text(name, utc.ToString(InstantFormat, CultureInfo.InvariantCulture))
        : new DataParameter(name, DateTime.SpecifyKind(utc, DateTimeKind.Unspecified), DataType.DateTime2);

    public DataParameter Text(string name, string value) => new(name, value, DataType.Text);

    public DataParameter Number(string name, long value) => new(name, value, DataType.Int64);

    public DataParameter WindowEnd(string name, Window window) => Instant(name, window.EndUtc);
}
