namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>What versions of Pulse without a <c>pulse_schema</c> have left in a database, and what keeps them out of one that has it.</summary>
internal static class EarlierVersions
{
    /// <summary>Their table of declarations: the rollups, and the length of windows.</summary>
    public const string Declarations = "pulse_declarations";

    /// <summary>The name in <see cref="Declarations"/> under which the length of windows is.</summary>
    public const string WindowLength = "window length";

    /// <summary>Their table of events that came late, by bucket.</summary>
    public const string LateEvents = "pulse_late_events";

    /// <summary>Whether an event of the journal is one of a bucket.</summary>
    public const string IsBucketEvent = "persistence_id like 'bucket/%'";

    /// <summary>Whether their buckets have stored anything.</summary>
    public const string HasBucketEvents = $"select exists (select 1 from {PersistenceConfiguration.JournalTable} where {IsBucketEvent})";

    /// <summary>
    /// Keeps them out. At their start they create what is absent, write down the length of windows where none is, and refuse
    /// to go on where another is: so they find one that nobody can configure, and say it to people in a line of their own,
    /// "windows were first counted with a length of …".
    /// </summary>
    public static IEnumerable<string> Refusal(StorageKind kind)
    {
        var text = SqlDialect.For(kind).TextType;
        yield return $"create table {Declarations} (name {text} not null primary key, declaration {text} not null)";
        yield return $"insert into {Declarations} (name, declaration) values ('{WindowLength}', "
            + "'(a later version of Pulse counts in this database, go on with that one)')";
    }
}
