using Akka.Event;

namespace Pulse.Actors.Buckets;

/// <summary>
/// Tells people that what was counted can't be stored because nobody says which stream the topic is: when that begins, again
/// while it lasts, and when it is over. Used by one actor.
/// </summary>
internal sealed class ConfirmationLog(BucketStatistics statistics, ILoggingAdapter log)
{
    /// <summary>How often it is said again.</summary>
    public static readonly TimeSpan Reminder = TimeSpan.FromMinutes(5);

    private DateTimeOffset? _said;

    /// <summary>Nobody said it.</summary>
    /// <param name="problem">Why, in a line for people.</param>
    /// <param name="now">The time.</param>
    public void Failed(string problem, DateTimeOffset now)
    {
        statistics.Unconfirmed = problem;
        if (now - _said < Reminder)
            return;
        _said = now;
        log.Warning("What was counted can't be confirmed, so it is not stored; it is kept in memory, and Kafka is asked again. {0}", problem);
    }

    /// <summary>Somebody said it.</summary>
    public void Succeeded()
    {
        statistics.Unconfirmed = null;
        if (_said is null)
            return;
        _said = null;
        log.Info("What was counted is confirmed and stored again.");
    }
}
