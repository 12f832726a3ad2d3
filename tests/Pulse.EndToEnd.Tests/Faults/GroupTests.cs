using Confluent.Kafka;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>What happens to the consumer group, whose offsets are for monitors of lag alone.</summary>
public sealed class GroupTests(OneBroker shared, ITestOutputHelper output) : OneBrokerTest(shared, output)
{
    [Fact]
    public async Task Group_deleted()
    {
        var pair = await SharedPairAsync();
        await CommittedAsync(pair);

        await pair.Stream.DeleteGroupAsync();

        await CountsAgainAsync(pair);
        await CommittedAsync(pair);
        await pair.AssertExactAsync();
    }

    [Fact]
    public async Task Group_moved()
    {
        var pair = await SharedPairAsync();
        await CommittedAsync(pair);

        await pair.Stream.MoveOffsetsAsync((_, range) => range.Low);
        await CountsAgainAsync(pair);
        await pair.Stream.MoveOffsetsAsync((_, range) => range.High + 1_000_000);
        await CountsAgainAsync(pair);

        await pair.AssertExactAsync();
    }

    [Fact]
    public async Task Group_shared()
    {
        var pair = await SharedPairAsync();
        using var other = pair.Stream.Consumer(pair.Stream.GroupId);
        other.Subscribe(pair.Stream.Topic);
        // A member of the group: from now on nobody else may commit.
        await Eventually.HoldsAsync("the other one is given partitions", NodePair.Limit, () =>
        {
            other.Consume(TimeSpan.FromMilliseconds(100));
            return Task.FromResult(other.Assignment.Count > 0);
        });

        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
        other.Close();
        await CommittedAsync(pair);
    }

    [Fact]
    public async Task Consumer_offsets_gone()
    {
        var pair = await SharedPairAsync();
        await CommittedAsync(pair);
        using (var administration = pair.Stream.Administration())
            await administration.DeleteTopicsAsync(["__consumer_offsets"]);

        await CountsAgainAsync(pair);
        await pair.AssertExactAsync();
        await CommittedAsync(pair);
    }

    // The group is told what is stored, sooner or later, whatever became of it.
    private static async Task CommittedAsync(NodePair pair)
    {
        var stored = pair.Flow.Ends.Values.Sum();
        await Eventually.HoldsAsync("the group is told", NodePair.Limit, () => Task.Run(() =>
        {
            try
            {
                return pair.Stream.Committed() >= stored;
            }
            catch (KafkaException)
            {
                return false;
            }
        }));
    }
}
