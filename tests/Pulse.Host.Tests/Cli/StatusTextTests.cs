using Pulse.Host.Api;
using Pulse.Host.Cli;

namespace Pulse.Host.Tests.Cli;

/// <summary>What a person reads of a node's status.</summary>
public sealed class StatusTextTests
{
    private static readonly Uri Address = new("http://127.0.0.1:8080");

    [Fact]
    public void Where_all_is_well_it_says_so()
    {
        var status = Status([Partition(0, lag: 0), Partition(1, lag: 12)]) with { Lag = 12 };

        Assert.Empty(StatusProblems.Of(status));
        Assert.Equal(
            """
            http://127.0.0.1:8080  cluster/topic/id
            lag 12, 2 partitions, 0 stand still, oldest checkpoint not yet, Kafka answered not yet

            node            state  events/s  partitions  lag  buckets  checkpoint  storage
            127.0.0.1:4053  Up        1,000           2   12       49  not yet     answers

            partition  reader          leader  position  stored  end  lag  state
            1          127.0.0.1:4053  yes          100      88  100   12
            0          127.0.0.1:4053  yes          100     100  100    0

            OK  nothing stands still, lag 12

            """,
            Write(status));
    }

    [Fact]
    public void What_stands_still_comes_first_and_each_problem_has_a_line()
    {
        var status = Status(
        [
            Partition(0, lag: 5),
            Partition(1, lag: null) with { HasLeader = false, Reader = null, Position = null, End = null, Standing = "no leader" },
            Partition(2, lag: null) with { HasLeader = false, Standing = "no leader" },
        ]) with
        { Standing = 2 };

        Assert.Equal(
            ["The lag of 2 partitions (1, 2) is unknown.", "2 partitions (1, 2) stand still: no leader"], StatusProblems.Of(status));
        var lines = Write(status).Split('\n');
        Assert.Equal("1          none            none     unknown     100  unknown  unknown  no leader", lines[7]);
        Assert.Equal(["The lag of 2 partitions (1, 2) is unknown.", "2 partitions (1, 2) stand still: no leader", "NOT WELL", ""], lines[^4..]);
    }

    [Fact]
    public void Why_the_lag_is_unknown_is_said()
    {
        var status = Status([Partition(0, lag: null)]);

        Assert.Equal(["The lag of partition 0 is unknown."], StatusProblems.Of(status));
        Assert.Equal(["The lag is unknown. Kafka is gone."], StatusProblems.Of(status with { KafkaProblem = "Kafka is gone." }));
        Assert.Equal(
            ["The lag is unknown. Storage is gone."],
            StatusProblems.Of(status with { StorageAvailable = false, StorageProblem = "Storage is gone." }));
        Assert.Equal(
            ["The lag is unknown: the node has not heard of the topic yet."], StatusProblems.Of(status with { Partitions = [] }));
    }

    [Fact]
    public void Nodes_out_of_reach_or_with_a_problem_are_named()
    {
        var status = Status([Partition(0, lag: 0)]) with
        {
            Lag = 0,
            Members = [new NodeMember("a:1", "Up"), new NodeMember("b:1", "Unreachable")],
            Nodes = [new NodeOverview("a:1", 0, 0, 0, 0, null, "Bucket x/3 has no row.") { FormatProblem = "100 % are no viewing events." }],
        };

        Assert.Equal(
            ["Node a:1: Bucket x/3 has no row.", "Node a:1: 100 % are no viewing events.", "Node b:1 is out of reach."],
            StatusProblems.Of(status));
    }

    [Fact]
    public void However_large_the_topic_is_lines_and_their_number_are_bounded()
    {
        var partitions = Enumerable.Range(0, 2_000)
            .Select(number => Partition(number, lag: number) with { Standing = number == 1_500 ? new string('x', 500) : null }).ToList();

        var lines = Write(Status(partitions) with { Lag = 1 }, width: 60).Split('\n');

        Assert.InRange(lines.Length, 25, 40);
        Assert.All(lines.Where(line => !line.Contains("stands still: ", StringComparison.Ordinal)), line => Assert.InRange(line.Length, 0, 60));
        Assert.StartsWith("1500 ", lines[7], StringComparison.Ordinal);
        Assert.StartsWith("1999 ", lines[8], StringComparison.Ordinal);
        Assert.Contains("and 1,980 more; --json has them all", lines);
    }

    private static NodePartition Partition(int number, long? lag) =>
        new(number, true, "127.0.0.1:4053", true, 100, 100 - (lag ?? 0), 0, 100, lag, null, null);

    private static NodeStatus Status(IReadOnlyList<NodePartition> partitions) => new(
        "127.0.0.1:4053", 0, 0, null, 0, null, "cluster/topic/id", null, null, partitions, 0, 49, 64, 0, null, true, null, [], null, [], null, null,
        [new NodeMember("127.0.0.1:4053", "Up")], [new NodeOverview("127.0.0.1:4053", 1_000, 2, 12, 49, null, null)], null);

    private static string Write(NodeStatus status, int width = 160)
    {
        using var output = new StringWriter { NewLine = "\n" };
        StatusText.Write(status, StatusProblems.Of(status), Address, output, width);
        return output.ToString();
    }
}
