using System.Globalization;
using LinqToDB;
using LinqToDB.Data;
using Pulse.Counting;

namespace Pulse.Actors.Storage;

/// <summary>The little in which the two databases differ.</summary>
/// <param name="Kind">The database.</param>
/// <param name="TextType">The type of a column of text.</param>
/// <param name="InstantType">The type of a column of instants.</param>
/// <param name="RowsPerStatement">How many rows one statement writes best.</param>
internal sealed record SqlDialect(StorageKind Kind, string TextType, string InstantType, int RowsPerStatement)
{
    /// <summary>
    /// SQLite has no type for instants; this text sorts like time, is what SQLite's own date functions take and what
    /// PostgreSQL prints, so that a reader's query is the same on both.
    /// </summary>
    public const string InstantFormat = "yyyy-MM-dd HH:mm:ss";

    // SQLite's driver finds each parameter by searching all names, so long statements cost the square of their length:
    // 25 rows a statement write 45,000 rows/s, 500 rows 5,000. Over a network it is the round trip that costs.
    private static readonly SqlDialect Sqlite = new(StorageKind.Sqlite, "text", "text", RowsPerStatement: 25);

    // Byte order, whatever the server's locale: comparisons are cheaper, and both databases sort alike.
    private static readonly SqlDialect Postgres = new(
        StorageKind.Postgres, "text collate \"C\"", "timestamp", RowsPerStatement: 500);

    public static SqlDialect For(StorageKind kind) => kind == StorageKind.Sqlite ? Sqlite : Postgres;

    public DataParameter Instant(string name, DateTime utc) => Kind == StorageKind.Sqlite
        ? Text(name, utc.ToString(InstantFormat, CultureInfo.InvariantCulture))
        : new DataParameter(name, DateTime.SpecifyKind(utc, DateTimeKind.Unspecified), DataType.DateTime2);

    public DataParameter Text(string name, string value) => new(name, value, DataType.Text);

    public DataParameter Number(string name, long value) => new(name, value, DataType.Int64);

    public DataParameter WindowEnd(string name, Window window) => Instant(name, window.EndUtc);
}
