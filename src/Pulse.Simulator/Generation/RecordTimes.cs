namespace Pulse.Simulator.Generation;

/// <summary>
/// The records' own timestamps: <c>start + number / rate × speedUp</c>. Only the start may come from the clock, so the same
/// start and options give the same times.
/// </summary>
/// <remarks>
/// Where the options name no start, the stream begins so long ago that it ends about now: the last record's timestamp is
/// about the time at which it is produced. A stream without a known end begins <see cref="Backlog"/> ago, makes that up at
/// its speed, and goes on in real time. How many records that takes follows from the options alone.
/// </remarks>
internal sealed class RecordTimes
{
    /// <summary>How long ago a stream without a known end begins where it can catch up with the clock.</summary>
    internal static readonly TimeSpan Backlog = TimeSpan.FromDays(1);

    /// <summary>
    /// How far a timestamp may lie ahead of the clock: Kafka refuses more than an hour (<c>message.timestamp.after.max.ms</c>).
    /// </summary>
    internal static readonly TimeSpan LongestLead = TimeSpan.FromMinutes(59);

    private readonly long start;
    private readonly double step;
    private readonly double stepInRealTime;
    // After how many records real time begins; it may begin between two of them.
    private readonly double spedUp;

    /// <summary>Fixes the times of a run.</summary>
    /// <param name="options">Valid options.</param>
    /// <param name="now">When the run begins.</param>
    internal RecordTimes(SimulatorOptions options, DateTimeOffset now)
    {
        start = (options.Start ?? now.AddSeconds(-SecondsToMakeUp(options))).ToUnixTimeMilliseconds();
        stepInRealTime = 1_000.0 / options.EventTimeRate;
        step = stepInRealTime * options.SpeedUp;
        spedUp = options.TotalRecords is null && options.SpeedUp > 1
            ? options.EventTimeRate * Backlog.TotalSeconds / (options.SpeedUp - 1)
            : double.PositiveInfinity;
    }

    /// <summary>The first record's timestamp.</summary>
    internal DateTimeOffset Start => DateTimeOffset.FromUnixTimeMilliseconds(start);

    /// <summary>A record's timestamp in milliseconds since 1970 UTC.</summary>
    /// <param name="number">How many records come before it.</param>
    internal long this[long number] =>
        start + (long)((Math.Min(number, spedUp) * step) + (Math.Max(number - spedUp, 0) * stepInRealTime));

    /// <summary>What is wrong with the times that options without other mistakes give, or null.</summary>
    internal static string? MistakeOf(SimulatorOptions options, DateTimeOffset now)
    {
        var toMakeUp = SecondsToMakeUp(options);
        if (options.Start is not { } start)
        {
            return toMakeUp <= (now - SimulatorOptions.EarliestStart).TotalSeconds
                ? null
                : "--speed-up: to end about now, the stream would have to begin before 1970; give a smaller --speed-up, fewer "
                  + "events or a --start.";
        }

        var lead = (start - now).TotalSeconds;
        if (options.TotalRecords is null)
            return lead <= 0 ? null : "--start: a stream without a known number of events can't begin in the future; give an earlier time.";
        return lead + toMakeUp <= LongestLead.TotalSeconds
            ? null
            : "--start and --speed-up: records would be stamped about an hour or more ahead of the clock, and Kafka refuses "
              + "such records; give an earlier --start or none, fewer --events or a smaller --speed-up.";
    }

    /// <summary>By how much the timestamps gain on the clock; where no end is known, what they have to gain.</summary>
    private static double SecondsToMakeUp(SimulatorOptions options)
    {
        if (options.TotalRecords is not { } records)
            return options is { Rate: > 0, SpeedUp: <= 1 } ? 0 : Backlog.TotalSeconds;
        var seconds = Math.Max(0, records - 1) / options.EventTimeRate;
        return Math.Max(0, (seconds * options.SpeedUp) - (options.Rate > 0 ? seconds : 0));
    }
}
