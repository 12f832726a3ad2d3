using System.Globalization;
using Pulse.Simulator.Generation;

namespace Pulse.Simulator;

/// <summary>What a simulation produces, how fast and where to. Immutable; check it with <see cref="Validate"/>.</summary>
public sealed record SimulatorOptions
{
    /// <summary>The number of records when neither <see cref="Events"/> nor <see cref="Duration"/> is given.</summary>
    public const long DefaultEvents = 1_550;

    /// <summary>
    /// Events per second of event time when <see cref="Rate"/> is 0. Event time must not follow the clock, or the
    /// same seed would not give the same bytes, so a run without a rate still needs a nominal one.
    /// </summary>
    public const double NominalRate = 10_000;

    /// <summary>The highest <see cref="Rate"/> that can be asked for, in events per second.</summary>
    public const double MaximumRate = 10_000_000;

    /// <summary>The highest <see cref="Skew"/>: beyond it everything falls on the first value anyway.</summary>
    public const double MaximumSkew = 10;

    /// <summary>How far a late event's timestamp lies back at least.</summary>
    public static readonly TimeSpan ShortestLateness = TimeSpan.FromMinutes(1);

    /// <summary>How far a late event's timestamp lies back at most.</summary>
    public static readonly TimeSpan LongestLateness = TimeSpan.FromMinutes(20);

    /// <summary>The largest <see cref="OutOfOrder"/>, so that with lateness added no event lies before the year 1970.</summary>
    public static readonly TimeSpan LongestOutOfOrder = TimeSpan.FromHours(12);

    /// <summary>
    /// How far an event's time may lie after its record's own timestamp: consumers with default settings count it, and one
    /// that is a millisecond more ahead is a dead letter.
    /// </summary>
    public static readonly TimeSpan AcceptedLead = TimeSpan.FromMinutes(5);

    /// <summary>The first <see cref="Start"/> allowed: consumers refuse timestamps before the year 1970.</summary>
    public static readonly DateTimeOffset EarliestStart = new(1970, 1, 2, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Kafka's address, as <c>host:port</c> or several of them separated by commas.</summary>
    public string BootstrapServers { get; init; } = "localhost:9092";

    /// <summary>The topic that takes viewing events.</summary>
    public string Topic { get; init; } = "netflix-event";

    /// <summary>The topic that takes the completion event.</summary>
    public string CompletionTopic { get; init; } = "completion-event";

    /// <summary>How many records to produce, malformed ones included. Null: as many as fit <see cref="Duration"/>.</summary>
    public long? Events { get; init; }

    /// <summary>How long to produce. Null: until <see cref="Events"/> are done. With both, what ends first.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Whether the stream goes on until it is stopped; not with <see cref="Events"/> or <see cref="Duration"/>.</summary>
    public bool Endless { get; init; }

    /// <summary>Events per second; 0 is as fast as Kafka accepts them.</summary>
    public double Rate { get; init; } = 5;

    /// <summary>Everything random derives from it: the same options and <see cref="Start"/> give the same bytes.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>The first record's own timestamp, cut to milliseconds. Null: so long ago that the stream ends about now.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>
    /// Seconds of event time that pass in one second of <see cref="Rate"/>; in a stream without a known end, until it has
    /// caught up with the clock.
    /// </summary>
    public double SpeedUp { get; init; } = 1;

    /// <summary>Zipf exponent over titles, countries and devices; 0 is uniform.</summary>
    public double Skew { get; init; }

    /// <summary>Fraction of events, 0 to 1, that carry a timestamp 1 to 20 minutes too old.</summary>
    public double Late { get; init; }

    /// <summary>Every timestamp is moved back by a random amount below this.</summary>
    public TimeSpan OutOfOrder { get; init; }

    /// <summary>Fraction of users, 0 to 1, whose device's clock is ahead, by a second to 24 days.</summary>
    public double FastClock { get; init; }

    /// <summary>Fraction of records, 0 to 1, that are malformed.</summary>
    public double Bad { get; init; }

    /// <summary>Whether the completion event follows the last record.</summary>
    public bool Complete { get; init; } = true;

    /// <summary>
    /// Whether records come in transactions, each once or not at all, also where a broker dies. Of a producer without them a
    /// broker that is killed may keep some twice.
    /// </summary>
    public bool Transactional { get; init; }

    /// <summary>How long the client retries one record before it reports that the record was not delivered.</summary>
    public TimeSpan DeliveryTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long to wait for the broker's first answer.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Events per second of event time, before <see cref="SpeedUp"/>.</summary>
    internal double EventTimeRate => Rate > 0 ? Rate : NominalRate;

    /// <summary>
    /// The number of records that the run produces, or null where none is known: an endless stream, or a duration at rate 0.
    /// </summary>
    public long? TotalRecords
    {
        get
        {
            if (Endless)
                return null;
            if (Duration is not { } duration)
                return Events ?? DefaultEvents;
            if (Rate <= 0)
                return Events;
            var fitting = (long)Math.Round(duration.TotalSeconds * Rate);
            return Math.Min(Events ?? long.MaxValue, fitting);
        }
    }

    /// <summary>Tells every mistake in the options, one line each, beginning with the command's option name.</summary>
    /// <param name="now">The current time: records must not be stamped far ahead of it.</param>
    /// <returns>Nothing when all is well.</returns>
    public IReadOnlyList<string> Validate(DateTimeOffset now)
    {
        var mistakes = new List<string>();
        Require(!string.IsNullOrWhiteSpace(BootstrapServers), "--bootstrap-servers: give host:port.");
        Require(IsTopicName(Topic), $"--topic: '{Topic}' is no topic name; use letters, digits, '.', '_' and '-'.");
        Require(
            IsTopicName(CompletionTopic),
            $"--completion-topic: '{CompletionTopic}' is no topic name; use letters, digits, '.', '_' and '-'.");
        Require(Topic != CompletionTopic, "--completion-topic: must differ from --topic.");
        Require(Events is null or >= 0, $"--events: {Events} is not allowed; give 0 or more.");
        Require(Duration is null || Duration > TimeSpan.Zero, "--duration: give more than 0, for example 2m.");
        Require(
            !Endless || (Events is null && Duration is null),
            "--endless: give it without --events and --duration, which end the stream.");
        RequireNumber(Rate, 0, MaximumRate, "--rate", "events per second (0 = as fast as accepted)");
        RequireNumber(SpeedUp, 0, 1_000_000, "--speed-up", "seconds of event time per second");
        RequireNumber(Skew, 0, MaximumSkew, "--skew", "the Zipf exponent (0 = uniform)");
        RequireNumber(Late, 0, 1, "--late", "a fraction");
        RequireNumber(FastClock, 0, 1, "--fast-clock", "a fraction");
        RequireNumber(Bad, 0, 1, "--bad", "a fraction");
        Require(
            OutOfOrder >= TimeSpan.Zero && OutOfOrder <= LongestOutOfOrder,
            $"--out-of-order: allowed is 0s to {LongestOutOfOrder.TotalHours:0}h.");
        Require(
            Start is null || Start >= EarliestStart,
            $"--start: must not be before {EarliestStart:yyyy-MM-dd}; consumers refuse events before 1970.");
        Require(DeliveryTimeout > TimeSpan.Zero, "DeliveryTimeout: must be more than 0.");
        Require(ConnectTimeout > TimeSpan.Zero, "ConnectTimeout: must be more than 0.");
        if (mistakes.Count == 0 && RecordTimes.MistakeOf(this, now) is { } wrongTimes)
            mistakes.Add(wrongTimes);
        return mistakes;

        void Require(bool holds, string mistake)
        {
            if (!holds)
                mistakes.Add(mistake);
        }

        void RequireNumber(double value, double least, double most, string option, string meaning) => Require(
            value >= least && value <= most,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{option}: {value} is not allowed; give {meaning} from {least:0.##} to {most:0.##}."));
    }

    private static bool IsTopicName(string? name) =>
        name is { Length: > 0 and <= 249 }
        && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-');
}
