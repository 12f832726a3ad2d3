namespace Pulse.Counting;

/// <summary>
/// What decides, beside the record itself, whether and where it is counted: the same for all rollups, and part of the
/// declaration of each.
/// </summary>
public sealed record CountingRules
{
    /// <summary>The rules of an installation that configures none.</summary>
    public static CountingRules Default { get; } = new();

    /// <summary>The length of every window; divides a day, whole seconds.</summary>
    public TimeSpan WindowLength { get; init; } = Window.DefaultLength;

    /// <summary>
    /// How long after the Kafka timestamp of its record an event may lie. Further ahead, a producer's clock is wrong, and the
    /// record is a dead letter. Whole milliseconds.
    /// </summary>
    public TimeSpan MaximumSkew { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long after the end of its window an event's record may have been written and still be counted; null: ever so
    /// long. Whole milliseconds.
    /// </summary>
    public TimeSpan? AllowedLateness { get; init; }
}
