using Akka.Configuration;

namespace Pulse.Actors.Storage;

/// <summary>
/// Akka.Persistence.Sql's journal and snapshot store on the same database as the results, as HOCON. Their tables are
/// made by <see cref="ResultStore.PrepareAsync"/>, which must have run before the first persistent actor starts.
/// </summary>
/// <remarks>
/// What buckets may rely on: a second write of the same persistence id and sequence number is refused by a unique key
/// and surfaces as <c>OnPersistFailure</c>, after which the actor stops; nothing is retried. Four things to know:
/// <list type="bullet">
/// <item>Writes of several actors share a transaction: one refused write fails up to <see cref="BatchSize"/> of its
/// neighbours too, which stop and recover as if they had crashed.</item>
/// <item>Deleting up to sequence number n keeps row n, marked as deleted, and removes the rows below it. A removed row
/// fences nothing, so a writer must keep as many of its newest events as a zombie can be behind.</item>
/// <item>A write that the breaker has given up may still reach the database later; the unique key makes that harmless.
/// </item>
/// <item>Events carry a name of the node that wrote them, not of the actor's incarnation. Akka's replay filter would take
/// what an actor wrote after it came back to a node for a zombie's and drop it, so it is off: one lineage is what the
/// unique key is for.</item>
/// </list>
/// </remarks>
public static class PersistenceConfiguration
{
    /// <summary>How many actors' writes may share one transaction, and so one failure.</summary>
    public const int BatchSize = 50;

    /// <summary>
    /// How many actors of a node recover at once. Each recovery is three queries, so this also bounds what a node's
    /// start asks of the database.
    /// </summary>
    public const int MaximumConcurrentRecoveries = 32;

    /// <summary>The tables of checkpoints, named so that they are recognised beside the results'.</summary>
    public const string JournalTable = "pulse_journal";

    /// <summary>See <see cref="JournalTable"/>.</summary>
    public const string SnapshotTable = "pulse_snapshot";

    /// <summary>Makes the configuration for a database; put it before Akka's defaults.</summary>
    /// <exception cref="StorageException">The connection string can't be understood.</exception>
    public static Config For(StorageOptions options)
    {
        var address = StorageAddress.Parse(options);
        var connectionString = HoconString(address.ConnectionString);
        var provider = options.Kind == StorageKind.Sqlite ? "SQLite.MS" : "PostgreSQL.15";

        // The breaker must give up later than a command does, waiting for a connection included (10 s + 10 s), or
        // writes go on behind its back.
        // Tags are not used, so they stay in a column (Csv) instead of a table with its own queries per write.
        return ConfigurationFactory.ParseString($$"""
            akka.persistence {
              max-concurrent-recoveries = {{MaximumConcurrentRecoveries}}
              journal {
                plugin = "akka.persistence.journal.sql"
                sql {
                  connection-string = {{connectionString}}
                  provider-name = "{{provider}}"
                  auto-initialize = false
                  tag-write-mode = Csv
                  batch-size = {{BatchSize}}
                  buffer-size = 20000
                  parallelism = {{(options.Kind == StorageKind.Sqlite ? 1 : 3)}}
                  materializer-dispatcher = "akka.persistence.dispatchers.default-plugin-dispatcher"
                  default.journal.table-name = "{{JournalTable}}"
                  recovery-event-timeout = 30s
                  replay-filter.mode = off
                  circuit-breaker { max-failures = 10, call-timeout = 25s, reset-timeout = 5s }
                }
              }
              snapshot-store {
                plugin = "akka.persistence.snapshot-store.sql"
                sql {
                  connection-string = {{connectionString}}
                  provider-name = "{{provider}}"
                  auto-initialize = false
                  default.snapshot.table-name = "{{SnapshotTable}}"
                  circuit-breaker { max-failures = 10, call-timeout = 25s, reset-timeout = 5s }
                }
              }
            }
            """)
            .WithFallback(Akka.Persistence.Sql.SqlPersistence.DefaultConfiguration);
    }

    private static string HoconString(string value) =>
        $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
