namespace Pulse.Actors.Coordination;

/// <summary>How patiently and how widely the coordinator works. The defaults are meant for production.</summary>
public sealed record ExportOptions
{
    /// <summary>How often ingestors are asked again to have everything stored while that is waited for.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often it is read how far the stream is stored while that is waited for.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often the log says what is still waited for.</summary>
    public TimeSpan ReminderInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many dates are exported at a time; at least one.</summary>
    public int ParallelDates { get; init; } = 2;

    /// <summary>How often a date, or the search for dates, is tried before it is given up; at least one.</summary>
    public int Attempts { get; init; } = 10;

    /// <summary>The pause after the first failure; it doubles with every further one.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause between attempts.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one attempt at one date may take before it counts as failed.</summary>
    public TimeSpan DateDeadline { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a stopping coordinator waits for what it has running to let go.</summary>
    public TimeSpan StopDeadline { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>
    /// How many completions may wait behind the one at work; further ones stay in the completion topic until then.
    /// </summary>
    public int WaitingCompletions { get; init; } = 16;

    /// <summary>The pause after so many failures in a row.</summary>
    /// <param name="failures">At least one.</param>
    internal TimeSpan PauseAfter(int failures)
    {
        var doublings = Math.Min(failures - 1, 20);
        var pause = FirstPause * (1L << doublings);
        return pause < LongestPause ? pause : LongestPause;
    }
}
