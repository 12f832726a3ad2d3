namespace Pulse.Actors.Storage;

/// <summary>Where results and checkpoints are stored.</summary>
/// <param name="Kind">The database.</param>
/// <param name="ConnectionString">
/// For <see cref="StorageKind.Postgres"/> Npgsql's, for <see cref="StorageKind.Sqlite"/> Microsoft.Data.Sqlite's.
/// </param>
public sealed record StorageOptions(StorageKind Kind, string ConnectionString)
{
    /// <summary>Without the connection string, which can hold a password.</summary>
    public override string ToString() => Kind.ToString();
}
