using System.Runtime.Serialization;
using Pulse.Actors.Live;
using Wire = Pulse.Actors.Live.Wire;

namespace Pulse.Actors.Tests.Live;

/// <summary>The partitions of a node on the wire.</summary>
public sealed class NodePartitionColumnsTests
{
    [Fact]
    public void They_come_back_as_they_were_in_the_order_of_their_numbers()
    {
        NodePartition[] partitions =
        [
            new(7, 5, 9), new(0, 0, 0), new(99_999, long.MaxValue, 0, "log cut"), new(8, 1_000_000_000_000, 999_999_999_999, ""),
            new(9, null, null, "log cut"), new(10, null, null),
        ];

        Assert.Equal(partitions.OrderBy(each => each.Partition), NodePartitionColumns.Read(NodePartitionColumns.Write(partitions)));
    }

    [Fact]
    public void Unknown_positions_take_no_more_than_foreseen()
    {
        var partitions = Enumerable.Range(0, 1_000).Select(number => new NodePartition(number, null, null, "log cut")).ToList();

        Assert.InRange(
            NodePartitionColumns.Write(partitions).CalculateSize(), 10_000, partitions.Sum(NodePartitionColumns.BytesOf) + NodePartitionColumns.ReasonLetters + 100);
    }

    [Fact]
    public void They_take_no_more_than_foreseen_though_all_stand_still_for_reasons_of_their_own()
    {
        var partitions = Enumerable.Range(0, 10_000).Select(number => new NodePartition(
            number, 8_000_000_000 + number, 7_999_990_000, number % 2 == 0 ? $"log cut: offsets {number} to {number + 1} are in doubt" : null)).ToList();

        var wire = NodePartitionColumns.Write(partitions);
        var read = NodePartitionColumns.Read(wire).ToList();

        Assert.InRange(wire.CalculateSize(), 50_000, partitions.Sum(NodePartitionColumns.BytesOf) + NodePartitionColumns.ReasonLetters + 100);
        Assert.Equal(5_000, read.Count(partition => partition.Standing is not null));
        Assert.Equal("log cut: offsets 0 to 1 are in doubt", read[0].Standing);
        Assert.Equal("its node's /api/status says why", read[9_998].Standing);
    }

    [Fact]
    public void Columns_that_do_not_fit_together_are_refused() => Assert.Throws<SerializationException>(
        () => NodePartitionColumns.Read(new Wire.NodePartitions { Steps = { 1 } }).ToList());
}
