namespace Pulse.Actors.Storage.Upgrade;

/// <summary>The database of an earlier version is not in the one state from which it can be upgraded.</summary>
/// <param name="reason">What is not as it should be: the end of a sentence.</param>
/// <param name="remedy">What to do, in a sentence of its own.</param>
internal sealed class NotDrainedException(string reason, string remedy = NotDrainedException.CatchUp) : Exception($"{reason}. {remedy}")
{
    /// <summary>Where the earlier version can still bring what is missing.</summary>
    public const string CatchUp = "Start that version once more, let it catch up, and stop it with SIGTERM, all nodes; then start this one.";

    /// <summary>Where it was never started in the form that can be upgraded.</summary>
    public const string StartOnce = "Start the last version before this one once and stop it with SIGTERM, all nodes; then start this one.";

    /// <summary>Where only that version understands what it wrote.</summary>
    public const string GoOn = "Go on with the version that wrote it, or use an empty database.";

    /// <summary>Where a part of the database is gone.</summary>
    public const string Restore = "Restore the whole database from a backup, or use an empty one.";

    /// <summary>Where nobody can.</summary>
    public const string StartAnew = "Nobody can bring the others (an embedded broker takes its stream with it): "
        + "use an empty database (another --data), or go on with that version.";
}
