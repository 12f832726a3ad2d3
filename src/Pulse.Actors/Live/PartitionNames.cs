using System.Globalization;

namespace Pulse.Actors.Live;

/// <summary>Writes partitions down for a line that has to stay one, however many they are.</summary>
public static class PartitionNames
{
    private const int Named = 8;

    /// <summary>Such as <c>Partition 3</c>, or <c>12 partitions (0, 1, 2, 3, 4, 5, 6, 7 and 4 more)</c>.</summary>
    /// <param name="partitions">Their numbers.</param>
    public static string Of(IReadOnlyCollection<int> partitions)
    {
        if (partitions.Count == 1)
            return Text($"Partition {partitions.First()}");
        var names = string.Join(", ", partitions.Order().Take(Named).Select(number => Text($"{number}")));
        return partitions.Count <= Named
            ? Text($"{partitions.Count} partitions ({names})")
            : Text($"{partitions.Count:N0} partitions ({names} and {partitions.Count - Named:N0} more)");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
