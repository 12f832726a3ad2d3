using System.Data.Common;
using System.Globalization;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>What Pulse needs of a PostgreSQL server and of a database on it, and finds out at start.</summary>
internal static class DatabaseServer
{
    /// <summary>The oldest version, as the server numbers it.</summary>
    public const int OldestVersion = 130_000;

    // Any text of any record must fit in.
    private const string Encoding = "UTF8";

    /// <summary>Asks the database whether Pulse can store in it.</summary>
    /// <exception cref="UnfitDatabaseException">It can't.</exception>
    public static async Task RequireFitAsync(
        DbConnection connection, StorageKind kind, StorageAddress address, CancellationToken cancellationToken)
    {
        if (kind != StorageKind.Postgres)
            return;
        var command = connection.Command(
            "select current_setting('server_version_num')::integer, current_setting('server_version'), current_setting('server_encoding')");
        await using var disposing = command.ConfigureAwait(false);
        var answers = await command
            .ReadAllAsync(row => ObjectionTo(row.GetInt32(0), row.GetString(1), row.GetString(2)), cancellationToken).ConfigureAwait(false);
        if (answers[0] is { } objection)
            throw new UnfitDatabaseException($"{address.Description}: {objection}");
    }

    /// <summary>Why Pulse can't store there, and what to do; null: it can.</summary>
    public static string? ObjectionTo(int version, string shownVersion, string encoding) =>
        version < OldestVersion
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"the server is PostgreSQL {shownVersion}, and Pulse needs {OldestVersion / 10_000} or later. Upgrade the server.")
            : encoding != Encoding
                ? $"its encoding is {encoding}, which can't hold every text, and Pulse needs {Encoding}. Create another one with "
                    + $"'create database … encoding '{Encoding}' template template0', and name it in Pulse:Storage:ConnectionString."
                : null;

    /// <summary>Asks whether the user may read and write tables.</summary>
    /// <exception cref="UnfitDatabaseException">It may not.</exception>
    public static async Task RequireRightsAsync(
        DbConnection connection, StorageKind kind, StorageAddress address, IEnumerable<string> tables, CancellationToken cancellationToken)
    {
        if (kind != StorageKind.Postgres)
            return;
        var command = connection.Command(
            "select lacking || ' on ' || relation from unnest(@tables) as relation "
            + "cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as lacking where not has_table_privilege(relation, lacking)",
            ("tables", tables.Select(table => table.ToLowerInvariant()).ToArray()));
        await using var disposing = command.ConfigureAwait(false);
        var lacking = await command.ReadAllAsync(row => row.GetString(0), cancellationToken).ConfigureAwait(false);
        if (lacking.Count > 0)
            throw new UnfitDatabaseException(
                $"{address.Description}: the user lacks the right to {string.Join(", ", lacking)}. {StorageFaults.RightsRemedy}");
    }
}
