using Akka.Configuration;
using Akka.Hosting;
using Akka.Persistence.Sql.Config;
using Akka.Persistence.Sql.Hosting;
using LinqToDB;
using LinqToDB.DataProvider.PostgreSQL;
using LinqToDB.DataProvider.SQLite;

namespace Pulse.Actors.Storage;

/// <summary>
/// The coordinator's journal and snapshots: Akka.Persistence.Sql over the node's own connections. Their tables are created
/// by <see cref="NodeStorage.PrepareAsync"/>, which must have run before the first persistent actor starts.
/// </summary>
/// <remarks>
/// What the coordinator may rely on: a second write of the same persistence id and sequence number is refused by a unique key
/// and surfaces as <c>OnPersistFailure</c>, after which the actor stops; nothing is retried. Three things to know:
/// <list type="bullet">
/// <item>Deleting up to sequence number n keeps row n, marked as deleted, and removes the rows below it. A removed row
/// fences nothing.</item>
/// <item>A write that the breaker has given up may still reach the database later; the unique key makes that harmless.
/// </item>
/// <item>Events carry a name of the node that wrote them, not of the actor's incarnation. Akka's replay filter would take
/// what an actor wrote after it came back to a node for a zombie's and drop it, so it is off: one lineage is what the
/// unique key is for.</item>
/// </list>
/// </remarks>
public static class PersistenceConfiguration
{
    /// <summary>The journal's table, named so that it is recognised beside the results'.</summary>
    public const string JournalTable = "pulse_journal";

    /// <summary>The table of snapshots.</summary>
    public const string SnapshotTable = "pulse_snapshot";

    // The breaker must give up later than a command does, waiting for a connection included (10 s + 10 s), or
    // writes go on behind its back.
    private const string Breaker = "circuit-breaker { max-failures = 10, call-timeout = 25s, reset-timeout = 5s }";

    private static readonly Config Limits = ConfigurationFactory.ParseString($$"""
        akka.persistence {
          journal.sql {
            batch-size = 50
            buffer-size = 20000
            parallelism = 1
            materializer-dispatcher = "akka.persistence.dispatchers.default-plugin-dispatcher"
            default.journal.table-name = "{{JournalTable}}"
            recovery-event-timeout = 30s
            replay-filter.mode = off
            {{Breaker}}
          }
          snapshot-store.sql {
            default.snapshot.table-name = "{{SnapshotTable}}"
            {{Breaker}}
          }
        }
        """);

    /// <summary>Puts persistence on the node's storage.</summary>
    public static AkkaConfigurationBuilder WithPersistence(this AkkaConfigurationBuilder builder, NodeStorage storage)
    {
        var connections = ConnectionsOf(storage.Sessions);
        return builder
            .WithSqlPersistence(
                new SqlJournalOptions
                {
                    DataOptions = connections,
                    AutoInitialize = false,
                    // Tags are not used, so they stay in a column instead of a table with its own queries per write.
                    TagStorageMode = TagMode.Csv,
                },
                new SqlSnapshotOptions { DataOptions = connections, AutoInitialize = false })
            .AddHocon(Limits, HoconAddMode.Prepend);
    }

    /// <summary>The node's connections, for the library under the journal.</summary>
    internal static DataOptions ConnectionsOf(IStorageSessions sessions)
    {
        var provider = sessions.Kind == StorageKind.Sqlite
            ? SQLiteTools.GetDataProvider(SQLiteProvider.Microsoft)
            : PostgreSQLTools.GetDataProvider(PostgreSQLVersion.v13);
        // The journal asks the options themselves for the provider's name.
        return new DataOptions().UseProvider(provider.Name).UseConnectionFactory(provider, _ => sessions.Create());
    }
}
