using System.Collections.Immutable;
using Pulse.Actors.Storage.Upgrade;
using Pulse.Counting;

namespace Pulse.Actors.Tests.Storage.Upgrade;

/// <summary>When buckets that each had positions of their own stand at one place.</summary>
public sealed class EarlierProgressTests
{
    private static readonly Rollup Genres = new("viewsByGenre", ["genre"], 2);
    private static readonly Rollup Devices = new("viewsByDevice", ["device_type"], 2);
    private static readonly Rollup Bad = new("deadLetters", ["reason"], 1);

    private readonly EarlierProgress _progress = new();

    [Fact]
    public void Buckets_stand_at_the_last_event_of_any_and_what_was_committed_beyond_is_read_again()
    {
        Add("Drama", ("live", 0, 70), ("live", 1, 20));
        Add("Comedy", ("live", 0, 90));

        Assert.Equal("live 90 20", Agreed("live", [(0, 90), (1, 25), (3, 4)], Total(Genres, 110, 0), Total(Devices, 100, 10)));
    }

    [Theory]
    [InlineData("one/views", "two/events/id")]
    [InlineData("one/views/id", "one/events/id")]
    public void A_database_that_was_counted_from_another_topic_is_refused_with_both_topics(string counted, string configured)
    {
        Add("Drama", ("zero/events.old/id", 0, 3), (counted, 0, 50));

        var fault = Assert.Throws<NotDrainedException>(() => Agreed(configured, [], Total(Genres, 53, 0)));

        Assert.Equal(
            "it was counted from topic 'views', and Pulse:Kafka:Topic is 'events'. Set Pulse:Kafka:Topic to 'views' on all nodes, or use "
            + "an empty database for 'events'.",
            fault.Message);
    }

    [Theory]
    [InlineData("one/views/id")]
    [InlineData("two/views")]
    [InlineData("configured")]
    public void A_topic_that_it_was_counted_from_under_another_identity_or_one_that_no_identity_names_is_taken(string configured)
    {
        Add("Drama", ("one/views", 0, 50), ("one/events", 0, 3));

        Assert.Equal("one/views 50\none/events 3", Agreed(configured, [], Total(Genres, 53, 0)));
    }

    [Fact]
    public void A_group_that_stands_beyond_all_buckets_proves_nothing_where_rollups_differ()
    {
        Add("Drama", ("live", 0, 70));

        var fault = Assert.Throws<NotDrainedException>(() => Agreed("live", [(0, 71)], Total(Genres, 70, 0), Total(Devices, 69, 0)));

        Assert.Contains("Pulse:Kafka:GroupId has committed more than the buckets hold", fault.Message, StringComparison.Ordinal);
        Assert.Equal("live 70", Agreed("live", [(0, 70)], Total(Genres, 70, 0), Total(Devices, 69, 0)));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    public void A_journal_without_a_checkpoint_and_tables_with_events_are_no_database_of_one_moment(long counted, long late)
    {
        var fault = Assert.Throws<NotDrainedException>(() => Agreed("live", [(0, 1)], Total(Bad, 0, 0), Total(Bad, counted, late)));

        Assert.StartsWith("its journal has no checkpoint, and deadLetters holds events. Go on with", fault.Message, StringComparison.Ordinal);
        Assert.Equal("", Agreed("live", [(0, 1)], Total(Bad, 0, 0)));
    }

    [Theory]
    [InlineData(89)]
    [InlineData(null)]
    public void A_bucket_beyond_it_is_named_with_both_offsets(int? committed)
    {
        Add("Drama", ("live", 0, 70));
        Add("Comedy", ("live", 0, 90));

        var fault = Assert.Throws<NotDrainedException>(() => Agreed("live", committed is { } offset ? [(0, offset)] : []));

        Assert.StartsWith(
            $"bucket viewsByGenre/Comedy stands at offset 90 of live[0], and group 'group' of Pulse:Kafka:GroupId has committed {committed ?? 0}. Start that version",
            fault.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Streams_that_are_gone_keep_the_furthest_positions_before_the_one_that_goes_on()
    {
        Add("Drama", ("old", 0, 50), ("live", 0, 7));
        Add("Comedy", ("old", 0, 40), ("old", 1, 3));

        Assert.Equal("old 50 3\nlive 7", Agreed("live", [(0, 9)]));
    }

    [Fact]
    public void Without_any_stream_that_goes_on_each_rollup_must_hold_all_events_below_the_furthest_positions()
    {
        Add("Drama", ("old", 0, 50));
        Add("Comedy", ("older", 1, 30), ("old", 0, 60));

        Assert.Equal("old 60\nolder - 30", Agreed("new", [], Total(Genres, 80, 5), Total(Devices, 85, 0), Total(Bad, 5, 0)));
        var fault = Assert.Throws<NotDrainedException>(
            () => Agreed("new", [], Total(Genres, 80, 5), Total(Devices, 84, 0), Total(Bad, 5, 0)));
        Assert.StartsWith(
            "viewsByDevice holds 84 events of 85 in streams that no broker has any more. Nobody can bring the others",
            fault.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Where_a_bucket_may_have_forgotten_streams_the_rollups_must_hold_equally_many()
    {
        Add("Drama", [.. Enumerable.Range(2, BucketPositions.MaximumStreams).Select(start => ($"run-{start}", 0, 10L))]);

        var agreed = Agreed("new", [], Total(Genres, 90, 0), Total(Devices, 85, 5), Total(Bad, 1, 0));

        Assert.Equal(BucketPositions.MaximumStreams, BucketPositions.Parse(agreed).Streams.Count());
        Assert.Throws<NotDrainedException>(() => Agreed("new", [], Total(Genres, 90, 0), Total(Devices, 85, 4), Total(Bad, 1, 0)));
    }

    [Fact]
    public void Offsets_committed_in_a_stream_that_no_bucket_knows_are_another_hand_or_another_name_of_the_same_log()
    {
        Add("Drama", ("old", 0, 50));

        var fault = Assert.Throws<NotDrainedException>(() => Agreed("new", [(0, 50)], Total(Genres, 50, 0)));

        Assert.StartsWith("group 'group' has committed offsets in the stream new, of which no bucket knows", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("live", "Start that version once more")]
    [InlineData("new", "use an empty database")]
    public void An_unpublished_checkpoint_is_named_with_what_can_be_done(string stream, string remedy)
    {
        _progress.Add(Checkpoint("Drama", ("live", 0, 50)), isPublished: true);
        _progress.Add(Checkpoint("Comedy", ("live", 0, 50)), isPublished: false);
        _progress.Add(Checkpoint("Thriller", ("live", 0, 50)), isPublished: false);

        var fault = Assert.Throws<NotDrainedException>(
            () => Agreed(stream, stream == "live" ? [(0, 50)] : [], Total(Genres, 50, 0)));

        Assert.Contains("the last checkpoint of bucket viewsByGenre/Comedy is not in the result tables", fault.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a stream", 0, 1)]
    [InlineData("stream", -1, 1)]
    [InlineData("stream", 0, -1)]
    public void What_is_no_position_is_named_in_one_line(string stream, int partition, long position)
    {
        Add("Drama", ("live", 0, 0), (stream, partition, position));

        var fault = Assert.Throws<NotDrainedException>(() => Agreed("live", [(0, 0)]));

        Assert.Equal(
            $"'{stream}[{partition}]' is no partition, or {position} no offset in it. Go on with the version that wrote it, "
            + "or use an empty database.",
            fault.Message);
    }

    private static EarlierTotal Total(Rollup rollup, long counted, long late) =>
        new(rollup, rollup.Buckets == 1 ? [counted] : [counted - 1, 1], late);

    private static EarlierCheckpoint Checkpoint(string bucket, params (string Stream, int Partition, long Position)[] positions) => new(
        Genres.Name,
        bucket,
        [.. positions.Select(each => KeyValuePair.Create(new StreamPartition(each.Stream, each.Partition), each.Position))],
        [],
        0);

    private void Add(string bucket, params (string Stream, int Partition, long Position)[] positions) =>
        _progress.Add(Checkpoint(bucket, positions), isPublished: true);

    private string Agreed(string stream, (int Partition, long Offset)[] committed, params EarlierTotal[] totals) => _progress.Agreed(
        new GroupProgress("group", stream, committed.ToImmutableDictionary(each => each.Partition, each => each.Offset)), totals).ToString();
}
