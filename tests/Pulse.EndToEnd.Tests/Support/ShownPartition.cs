using System.Globalization;
using System.Text.Json;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>A partition as a node shows it; null is shown as unknown, or as none.</summary>
/// <param name="Partition">Its number.</param>
/// <param name="Reader">The node that reads it.</param>
/// <param name="HasLeader">Whether a broker leads it.</param>
/// <param name="Stored">The offset below which everything is stored.</param>
/// <param name="End">Where its log ends.</param>
/// <param name="Lag">What is there and not stored.</param>
/// <param name="Standing">Why it stands still.</param>
internal sealed record ShownPartition(int Partition, string? Reader, bool? HasLeader, long? Stored, long? End, long? Lag, string? Standing)
{
    private static readonly string[] InGoodOrder = ["goes on", "waits for a reader"];

    /// <summary>One of the API.</summary>
    public static ShownPartition Of(JsonElement partition) => new(
        partition.GetProperty("partition").GetInt32(),
        partition.GetProperty("reader").GetString(),
        partition.GetProperty("hasLeader") is { ValueKind: not JsonValueKind.Null } hasLeader ? hasLeader.GetBoolean() : null,
        NumberOf(partition, "committed"),
        NumberOf(partition, "end"),
        NumberOf(partition, "lag"),
        partition.GetProperty("standing").GetString());

    /// <summary>One of the page: number, reader, leader, position, stored, end, lag, state.</summary>
    public static ShownPartition Of(IReadOnlyList<string> cells) => new(
        int.Parse(cells[0], CultureInfo.InvariantCulture),
        cells[1] == "none" ? null : cells[1],
        cells[2] switch { "yes" => true, "none" => false, _ => null },
        NodeView.Number(cells[4]),
        NodeView.Number(cells[5]),
        NodeView.Number(cells[6]),
        InGoodOrder.Contains(cells[7]) ? null : cells[7]);

    private static long? NumberOf(JsonElement partition, string name) =>
        partition.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : null;
}
