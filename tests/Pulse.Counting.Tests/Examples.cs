namespace Pulse.Counting.Tests;

/// <summary>The few names that the tests of this project share.</summary>
internal static class Examples
{
    public const string Topic = "cluster/topic/1";

    public static readonly StreamPartition Zero = new(Topic, 0);

    public static readonly StreamPartition One = new(Topic, 1);

    /// <summary>Partition 0 of the topic after it was deleted and made again.</summary>
    public static readonly StreamPartition ZeroMadeAgain = new("cluster/topic/2", 0);

    public static readonly RollupKey Drama = new("Mobile", "Drama");

    public static readonly RollupKey Crime = new("Mobile", "Crime");

    public static readonly Window Early = new(300);

    public static readonly Window Next = new(600);

    public static LogPosition At(long offset, int epoch = LogPosition.UnknownEpoch) => new(offset, epoch);
}
