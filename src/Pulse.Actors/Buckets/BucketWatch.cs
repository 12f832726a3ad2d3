using Akka.Actor;
using Akka.Event;
using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>
/// Tells people which buckets of this node were overtaken, stand still, stand apart or go on: one line for all to which it happened within
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
    private readonly HashSet<string> _apart = [];
    private readonly HashSet<string> _takePart = [];
    private bool _standsAnother;
    private bool _isFull;

    /// <summary>For <see cref="Props"/>, which makes it by reflection.</summary>
    public BucketWatch(BucketStatistics statistics)
    {
        _statistics = statistics;
        Receive<BucketOvertaken>(message => Gather(() => _overtaken.Add(message.Bucket)));
        Receive<BucketStandsStill>(_ => Gather(() => _standsAnother = true));
        Receive<BucketGoesOn>(message => Gather(() => _going.Add(message.Bucket)));
        Receive<BucketStandsApart>(_ => Gather(() => { }));
        Receive<BucketTakesPart>(message => Gather(() => _takePart.Add(message.Bucket.Rollup)));
        Receive<MemoryFillsOrEmpties>(_ => Gather(() => { }));
        Receive<TellNow>(_ => Tell());
        Receive<RemindNow>(_ => TellStanding());
        Receive<RemindOfApart>(_ =>
        {
            _apart.Clear();
            TellApart();
        });
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
                "{0} at {1} {2} overtaken: somebody else writes the same rows, an operator decided about a log that was cut, or the database went back. {3} over.",
                Buckets(NamesOf(_overtaken)), ((ExtendedActorSystem)Context.System).Provider.DefaultAddress,
                _overtaken.Count == 1 ? "was" : "were", _overtaken.Count == 1 ? "It starts" : "They start");
        if (_standsAnother)
            TellStanding();
        TellApart();
        TellFull();
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

    private void TellFull()
    {
        if (_statistics.FullProblem is { } problem)
        {
            if (!_isFull)
                _log.Warning("{0}", problem);
            _isFull = true;
        }
        else if (_isFull)
        {
            _isFull = false;
            _log.Info("Half of what was not stored is stored. This node counts on.");
        }
    }

    // One line for a rollup, however many of its buckets follow; and one when the last of them takes part again. Those that move away
    // are another node's to tell of.
    private void TellApart()
    {
        var apart = _statistics.Apart;
        foreach (var rollup in _apart.Where(rollup => apart.All(each => each.Rollup != rollup)).ToList())
        {
            _apart.Remove(rollup);
            if (_takePart.Contains(rollup))
                _log.Info("Rollup {0} stands apart no longer on this node.", rollup);
        }

        _takePart.Clear();

        var isNews = false;
        foreach (var rollup in apart.Where(each => _apart.Add(each.Rollup)))
        {
            isNews = true;
            _log.Error("{0} The other rollups go on.", rollup.Problem);
        }

        if (isNews)
            Timers.StartSingleTimer(RemindOfApart.Instance, RemindOfApart.Instance, Reminder);
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

    private sealed record RemindOfApart : INoSerializationVerificationNeeded
    {
        public static RemindOfApart Instance { get; } = new();
    }

    private sealed record RemindNow : INoSerializationVerificationNeeded
    {
        public static RemindNow Instance { get; } = new();
    }
}
