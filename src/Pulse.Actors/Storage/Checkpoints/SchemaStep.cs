using System.Data.Common;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>One change of the database's schema. Once it was released, it stays as it is: what follows is another step.</summary>
/// <param name="Number">The schema's version after it; the first is 1.</param>
/// <param name="Statements">What it executes.</param>
internal sealed record SchemaStep(int Number, Func<StorageKind, IReadOnlyList<string>> Statements)
{
    /// <summary>All steps, in their order.</summary>
    public static IReadOnlyList<SchemaStep> All { get; } =
    [
        new(1, kind => [.. Buckets(kind), .. JournalTables.Creation(kind), .. EarlierVersions.Refusal(kind)]),
        new(2, Base),
        new(3, kind => [SinkPositions.Creation(kind)]) { Fill = SinkPositions.BeginWhereBucketsStandAsync },
        new(4, Operations),
        new(5, Streams),
        new(6, Cuts),
        new(7, kind => [NodeRegister.Creation(kind)]),
    ];

    /// <summary>Brings over what the database holds already, after the statements; null where there is nothing to bring over.</summary>
    public Func<DbConnection, StorageKind, CancellationToken, Task>? Fill { get; init; }

    // A bucket's row is written anew every few seconds: half of each page is kept free for that, and dead rows are removed
    // early. Long positions lie in a table of their own, which has the same to bear.
    private static IReadOnlyList<string> Buckets(StorageKind kind)
    {
        var isServer = kind == StorageKind.Postgres;
        var text = SqlDialect.For(kind).TextType;
        var name = isServer ? "uuid" : "blob";
        var often = isServer
            ? " with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, "
                + "toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 500)"
            : "";
        return
        [
            $"create table pulse_version (version integer not null primary key, rollup {text} not null, "
                + $"table_name {text} not null unique, digest {text} not null, declaration {text} not null, unique (rollup, digest))",
            $"create table pulse_bucket (version integer not null, bucket integer not null, checkpoint {name} not null, "
                + "generation bigint not null, positions text not null, counted bigint not null, late bigint not null, "
                + "dead bigint not null, filtered bigint not null, consumed bigint not null, "
                + $"primary key (version, bucket)){often}",
            $"create table pulse_gap (version integer not null, bucket integer not null, stream {text} not null, "
                + "partition integer not null, from_offset bigint not null, to_offset bigint not null, "
                + $"stored_at {Now(kind)})",
        ];
    }

    // What a version's table holds below these positions was counted by an earlier version of Pulse.
    private static IReadOnlyList<string> Base(StorageKind kind) =>
        [$"alter table pulse_version add column base {SqlDialect.For(kind).TextType} not null default ''"];

    // What operators did, newest number last; and gaps that are none of retention's, but of logs that were cut.
    private static IReadOnlyList<string> Operations(StorageKind kind)
    {
        var text = SqlDialect.For(kind).TextType;
        var number = kind == StorageKind.Postgres
            ? "bigint generated always as identity primary key"
            : "integer not null primary key autoincrement";
        return
        [
            $"create table pulse_action (number {number}, at {Now(kind)}, who {text} not null, what {text} not null)",
            $"alter table pulse_gap add column kind {text} not null default 'retention'",
        ];
    }

    // Which streams are counted. What versions before counted is found in the positions of buckets.
    private static IReadOnlyList<string> Streams(StorageKind kind)
    {
        var text = SqlDialect.For(kind).TextType;
        return
        [
            $"create table pulse_stream (number integer not null primary key, stream {text} not null unique, cluster {text} not null, "
                + $"topic {text} not null, topic_id {text} not null, accepted_at {Now(kind)}, accepted_by {text} not null)",
        ];
    }

    // Which versions count a log that was found cut, until somebody decides: the log may grow again and hide it.
    private static IReadOnlyList<string> Cuts(StorageKind kind)
    {
        var text = SqlDialect.For(kind).TextType;
        return
        [
            $"create table pulse_cut (version integer not null, stream {text} not null, partition integer not null, from_offset bigint, "
                + $"from_epoch integer not null, found_at {Now(kind)}, primary key (version, stream, partition))",
        ];
    }

    // When the row was written, by the database's clock.
    private static string Now(StorageKind kind) =>
        kind == StorageKind.Postgres ? "timestamptz not null default now()" : "text not null default current_timestamp";
}
