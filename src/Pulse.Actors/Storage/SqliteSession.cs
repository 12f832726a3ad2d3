using System.Data.Common;
using LinqToDB.Interceptors;

namespace Pulse.Actors.Storage;

/// <summary>
/// Settings that SQLite keeps per connection. Without the busy timeout the driver itself polls a locked file every
/// 150 ms; SQLite's own waiting starts at one millisecond.
/// </summary>
internal sealed class SqliteSession : ConnectionInterceptor
{
    private const string Settings = "pragma busy_timeout = 8000;";

    public override void ConnectionOpened(ConnectionEventData eventData, DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = Settings;
        command.ExecuteNonQuery();
    }

    public override async Task ConnectionOpenedAsync(
        ConnectionEventData eventData, DbConnection connection, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = Settings;
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
