using System.Globalization;

namespace Pulse.Actors.Storage;

/// <summary>The little in which the two databases differ.</summary>
/// <param name="Kind">The database.</param>
/// <param name="TextType">The type of a column of text.</param>
/// <param name="InstantType">The type of a column of instants.</param>
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

    /// <summary>The elements of a JSON array in a parameter as rows, to select from: each is <c>value</c>.</summary>
    public string JsonRows(string parameter) => Kind == StorageKind.Sqlite
        ? $"json_each({parameter})"
        : $"json_array_elements(cast({parameter} as json)) as elements (value)";

    /// <summary>An instant as a parameter's value: without a kind, as PostgreSQL's columns without a time zone have it.</summary>
    public object Instant(DateTime utc) => Kind == StorageKind.Sqlite
        ? utc.ToString(InstantFormat, CultureInfo.InvariantCulture)
        : DateTime.SpecifyKind(utc, DateTimeKind.Unspecified);
}
