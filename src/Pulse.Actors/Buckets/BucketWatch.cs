using Akka.Actor;
using Akka.Event;
using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>
/// Tells people which buckets of this node were overtaken, stand still or go on: one line for all to which it happened within
/// a second, since what happens to the database happens to dozens of them. One per node.
/// </summary>
internal sealed class BucketWatch : ReceiveActor, IWithTimers
{
    /// <summary>How long it waits for others.</summary>
    public static readonly TimeSpan Gathering = TimeSpan.FromSeconds(1);

    /// <summary>How often it says again which buckets stand still.</summary>
    public static readonly TimeSpan Reminder = TimeSpan.FromMinutes(5);

    private const int Named = 3;

    private readonly BucketStatistics _statistics;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly HashSet<BucketId> _overtaken = [];
    private readonly HashSet<BucketId> _going = [];
    private bool _standsAnother;

    /// <summary>For <see cref="Props"/>, which makes it by reflection.</summary>
    public BucketWatch(BucketStatistics statistics)
    {
        _statistics = statistics;
        Receive<BucketOvertaken>(message => Gather(() => _overtaken.Add(message.Bucket)));
        Receive<BucketStandsStill>(_ => Gather(() => _standsAnother = true));
        Receive<BucketGoesOn>(message => Gather(() => _going.Add(message.Bucket)));
        Receive<TellNow>(_ => Tell());
        Receive<RemindNow>(_ => TellStanding());
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private void Gather(Action note)
    {
        note();
        if (!Timers.IsTimerActive(TellNow.Instance))
            Timers.StartSingleTimer(TellNow.Instance, TellNow.Instance, Gathering);
    }

    private void Tell()
    {
        if (_overtaken.Count > 0)
            _log.Warning(
                "{0} at {1} {2} overtaken: somebody else writes the same rows, or the database went back. {3} over.",
                Buckets(NamesOf(_overtaken)), ((ExtendedActorSystem)Context.System).Provider.DefaultAddress,
                _overtaken.Count == 1 ? "was" : "were", _overtaken.Count == 1 ? "It starts" : "They start");
        if (_standsAnother)
            TellStanding();
        if (_going.Count > 0)
            _log.Info("{0} {1} on.", Buckets(NamesOf(_going)), _going.Count == 1 ? "goes" : "go");
        _overtaken.Clear();
        _going.Clear();
        _standsAnother = false;
    }

    private void TellStanding()
    {
        var standing = _statistics.Standing;
        if (standing.Count == 0)
            return;
        _log.Error(
            "{0} {1} still, and no partition goes on. {2}",
            Buckets([.. standing.Select(each => each.Bucket)]), standing.Count == 1 ? "stands" : "stand", standing[0].Problem);
        Timers.StartSingleTimer(RemindNow.Instance, RemindNow.Instance, Reminder);
    }

    private static List<string> NamesOf(IEnumerable<BucketId> buckets) =>
    [
        .. buckets.OrderBy(bucket => bucket.Rollup, StringComparer.Ordinal).ThenBy(bucket => bucket.Number).Select(bucket => bucket.EntityId),
    ];

    private static string Buckets(List<string> names) => names.Count switch
    {
        1 => $"Bucket {names[0]}",
        <= Named => $"{names.Count} buckets ({string.Join(", ", names)})",
        _ => $"{names.Count} buckets ({string.Join(", ", names.Take(Named))} and {names.Count - Named} more)",
    };

    private sealed record TellNow : INoSerializationVerificationNeeded
    {
        public static TellNow Instance { get; } = new();
    }

    private sealed record RemindNow : INoSerializationVerificationNeeded
    {
        public static RemindNow Instance { get; } = new();
    }
}
