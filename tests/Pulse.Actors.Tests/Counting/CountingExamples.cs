using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Tests.Counting;

/// <summary>The few names that the examples of this folder share.</summary>
internal static class CountingExamples
{
    public const long Minute = 60;

    public static readonly StreamPartition Zero = new("cluster/topic/1", 0);

    public static readonly StreamPartition One = new("cluster/topic/1", 1);

    /// <summary>Partition 0 of the topic after it was deleted and made again.</summary>
    public static readonly StreamPartition ZeroMadeAgain = new("cluster/topic/2", 0);

    public static readonly Rollup ByDeviceGenre = RollupCatalog.BuiltIn[0];

    public static readonly RollupKey MobileDrama = new("Mobile", "Drama");

    public static readonly RollupKey TabletComedy = new("Tablet", "Comedy");

    public static readonly BucketId Mobile = BucketId.Owning(ByDeviceGenre, MobileDrama);

    public static readonly BucketId Tablet = BucketId.Owning(ByDeviceGenre, TabletComedy);

    public static readonly Window Early = new(100 * 5 * Minute);

    public static readonly Window Next = new(101 * 5 * Minute);

    public static KeyCount Drama(Window window, long count) => new(MobileDrama, window, count);
}
