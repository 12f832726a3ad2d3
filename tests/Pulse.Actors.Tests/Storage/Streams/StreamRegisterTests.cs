using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Streams;
using Pulse.Counting;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage.Streams;

/// <summary>What a database knows of the streams that it counts.</summary>
public abstract class StreamRegisterTests(StorageKind kind, PostgresFixture postgres) : StorageTest(kind, postgres)
{
    private static readonly CountedStream First = CountedStream.Parse("one/events/A");
    private static readonly CountedStream Second = CountedStream.Parse("one/events/B");
    private static readonly CountedStream Foreign = CountedStream.Parse("two/events/A");

    private static CancellationToken Now => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_stream_that_is_found_first_is_counted_and_so_is_the_topic_made_again()
    {
        var node = await Storage.OpenPreparedAsync();

        Assert.Equal((StreamStanding.First, null), await node.AdmitStreamAsync(First, Now));
        Assert.Equal((StreamStanding.Counted, First), await node.AdmitStreamAsync(First, Now));
        Assert.Equal((StreamStanding.MadeAgain, First), await node.AdmitStreamAsync(Second, Now));
        Assert.Equal((StreamStanding.Replaced, Second), await node.AdmitStreamAsync(First, Now));

        Assert.Equal([First, Second], await node.ReadStreamsAsync(Now));
        Assert.Equal(
            ["1|one/events/A|one|events|A|pulse", "2|one/events/B|one|events|B|pulse"],
            await Storage.QueryAsync("select number, stream, cluster, topic, topic_id, accepted_by from pulse_stream order by number"));
    }

    [Fact]
    public async Task Another_cluster_is_not_counted_before_a_person_says_so()
    {
        var node = await Storage.OpenPreparedAsync();
        await node.AdmitStreamAsync(First, Now);

        Assert.Equal((StreamStanding.Foreign, First), await node.AdmitStreamAsync(Foreign, Now));
        Assert.Equal([First], await node.ReadStreamsAsync(Now));
        Assert.True(await node.AcceptStreamAsync(Foreign, "somebody", Now));
        Assert.False(await node.AcceptStreamAsync(Foreign, "somebody", Now));

        Assert.Equal((StreamStanding.Counted, Foreign), await node.AdmitStreamAsync(Foreign, Now));
        Assert.Equal((StreamStanding.Counted, First), await node.AdmitStreamAsync(First, Now));
        Assert.Equal(["somebody"], await Storage.QueryAsync("select accepted_by from pulse_stream where cluster = 'two'"));
        var action = Assert.Single(await node.Actions.ReadAsync(10, null, Now));
        Assert.Equal(("somebody", "accept-stream: two/events/A is counted from its start."), (action.Who, action.What));
    }

    [Fact]
    public async Task Of_many_nodes_that_find_a_topic_made_again_one_says_so()
    {
        var nodes = new List<NodeStorage>();
        for (var number = 0; number < 5; number++)
            nodes.Add(await Storage.OpenPreparedAsync());
        await nodes[0].AdmitStreamAsync(First, Now);

        var judged = await Task.WhenAll(nodes.Select(node => node.AdmitStreamAsync(Second, Now)));

        Assert.Single(judged, each => each.Standing == StreamStanding.MadeAgain);
        Assert.Equal(4, judged.Count(each => each.Standing == StreamStanding.Counted));
    }

    [Fact]
    public async Task A_database_of_the_version_before_counts_the_streams_of_its_positions()
    {
        await using (var before = Storage.Open())
            await before.PrepareAsync(CountingRules.Default, Now);
        foreach (var table in (string[])["pulse_stream", "pulse_cut", "pulse_node"])
            await Storage.QueryAsync($"drop table {table}");
        await Storage.QueryAsync("delete from pulse_schema where step > 4");
        await Storage.QueryAsync("update pulse_bucket set positions = 'one/events/A 7@1' where bucket = 3");
        await Storage.QueryAsync($"update pulse_bucket set positions = 'one/events/A 9@1{'\n'}one/events/B 2@4' where bucket = 4");
        await Storage.QueryAsync("update pulse_bucket set positions = 'nobody can read this' where bucket = 5");

        var node = await Storage.OpenPreparedAsync();

        Assert.Equal([First, Second], await node.ReadStreamsAsync(Now));
        Assert.Equal(StreamStanding.Foreign, (await node.AdmitStreamAsync(Foreign, Now)).Standing);
    }
}

public sealed class PostgresStreamRegisterTests(PostgresFixture postgres) : StreamRegisterTests(StorageKind.Postgres, postgres);

public sealed class SqliteStreamRegisterTests(PostgresFixture postgres) : StreamRegisterTests(StorageKind.Sqlite, postgres);
