using System.Collections.Immutable;
using Pulse.Actors.Broker;
using Pulse.Actors.Live;
using Pulse.Actors.Storage;

namespace Pulse.Actors.Tests.Live;

/// <summary>What is known of each partition by which answers, and which stand still.</summary>
public sealed class StreamAssessmentTests
{
    private const string Reader = "akka.tcp://pulse@10.0.0.1:4053#7";
    private static readonly DateTime Noon = new(2026, 11, 26, 12, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromMinutes(5);

    private readonly StreamAssessment _assessment = new(CheckpointInterval);
    private StreamState _state = new(Noon, Noon);
    private DateTime _now = Noon;

    [Fact]
    public void Lag_is_the_end_less_what_is_stored()
    {
        var partition = Assess(Answers([(0, 100)], [60]), Reads((0, 80))).Partitions[0];

        Assert.Equal((40L, 60L, 80L, 100L), (partition.Lag, partition.Stored, partition.Position, partition.End));
        Assert.Equal((Reader, "10.0.0.1:4053", true), (partition.Reader, partition.ReaderAddress, partition.HasLeader));
        Assert.Null(partition.Standing);
        Assert.Equal(40, _state.Lag);
    }

    [Fact]
    public void What_retention_removed_is_no_lag_and_neither_is_what_lies_beyond_the_end()
    {
        Assess(Answers([(70, 100), (0, 50)], [60, 55]), Reads((0, 60), (1, 55)));

        Assert.Equal([30L, 0L], _state.Partitions.Select(partition => partition.Lag));
    }

    [Fact]
    public void Of_a_log_that_was_cut_below_what_is_stored_the_lag_is_unknown()
    {
        var nodes = Reads((0, 60));
        nodes = [nodes[0] with { Partitions = [new NodePartition(0, 60, 60, "The log was cut.")] }];

        Assess(Answers([(0, 50)], [60]), nodes);

        Assert.Null(_state.Partitions[0].Lag);
        Assert.Null(_state.Lag);
    }

    [Fact]
    public void Of_a_log_that_was_cut_the_lag_is_unknown_whatever_its_end_and_whoever_reads_it()
    {
        var answers = Answers([(0, 90), (0, 90)], [60, 60]);
        answers = answers with { Stored = (answers.Stored!.Value.Progress with { Cuts = [0] }, _now) };

        Assess(answers, Reads((1, 60)));

        Assert.Equal([null, 30L], _state.Partitions.Select(partition => partition.Lag));
        Assert.Null(_state.Lag);
    }

    [Fact]
    public void A_partition_that_stands_still_has_no_position_and_its_reader_none_before_the_other_one_has_let_go()
    {
        var standing = Node(new NodePartition(0, null, null, "The log was cut."));
        Assert.Null(Assess(Answers([(0, 90)], [60]), [standing]).Partitions[0].Position);

        var other = Node(new NodePartition(0, 70, 60)) with { Node = "other#2" };
        Assert.Equal(70, Assess(Answers([(0, 90)], [60]), [standing, other]).Partitions[0].Position);
        Assert.Equal(70, Assess(Answers([(0, 90)], [60]), [other, standing]).Partitions[0].Position);
    }

    [Fact]
    public void An_end_that_was_not_told_makes_the_lag_unknown_and_never_nothing()
    {
        var answers = Answers([(0, 100), (0, 100)], [100, 100]);
        answers = answers with { Measured = (answers.Measured!.Value.Spans.Remove(1), _now) };

        Assess(answers, Reads((0, 100), (1, 100)));

        Assert.Equal([0L, null], _state.Partitions.Select(partition => partition.Lag));
        Assert.Null(_state.Lag);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Without_an_answer_of_either_nothing_is_known(bool isMeasured, bool isStored)
    {
        var answers = Answers([(0, 100)], [100]);

        Assess(answers with { Measured = isMeasured ? answers.Measured : null, Stored = isStored ? answers.Stored : null }, Reads((0, 100)));

        Assert.Null(_state.Lag);
        Assert.Null(_state.LagOf(Reader));
    }

    [Fact]
    public void What_is_older_than_ten_seconds_is_not_known_any_more()
    {
        var answers = Answers([(0, 100)], [100]);
        Pass(10);
        Assert.Equal(0, Assess(answers, Reads((0, 100))).Lag);
        Pass(1);

        var partition = Assess(answers with { KafkaProblem = "away" }, Reads((0, 100))).Partitions[0];

        Assert.Equal((null, null, null, null), (partition.Lag, partition.End, partition.Stored, partition.HasLeader));
        Assert.Equal((StandingCause.BrokerSilent, "the broker has not answered since 12:00:00 UTC"), Why(partition));
        Assert.Equal(("away", false), (_state.KafkaProblem, _state.IsKafkaReachable));
    }

    [Fact]
    public void Brokers_that_say_that_there_is_no_topic_are_not_silent()
    {
        var answers = Answers([(0, 100)], [100]) with { KafkaProblem = "no topic", IsRefused = true };
        Pass(11);

        var partition = Assess(answers, Reads((0, 100))).Partitions[0];

        Assert.Equal((StandingCause.BrokerSilent, "the broker has not said what the topic is since 12:00:00 UTC"), Why(partition));
        Assert.True(_state.IsRefused);
    }

    [Fact]
    public void Where_the_brokers_never_answered_it_is_the_beginning_that_counts()
    {
        Pass(11);

        var partition = Assess(new StreamAnswers { KafkaProblem = "away" }, Reads((1, 5))).Partitions[1];

        Assert.Equal((StandingCause.BrokerSilent, "the broker has not answered since 12:00:00 UTC"), Why(partition));
        Assert.Null(_state.KafkaAnsweredUtc);
        Assert.Null(_state.LagOf(Reader));
    }

    [Fact]
    public void A_partition_without_a_leader_is_listed_and_stands_still_and_the_others_go_on()
    {
        var answers = Answers([(0, 100), (0, 100)], [100, 50]);
        var topic = answers.Described!.Value.Topic with { HasLeader = [true, false] };
        answers = answers with { Described = (topic, _now), Measured = (answers.Measured!.Value.Spans.Remove(1), _now) };

        Assess(answers, Reads((0, 100)));

        Assert.Null(_state.Partitions[0].Standing);
        Assert.Equal((StandingCause.NoLeader, "no leader"), Why(_state.Partitions[1]));
        Assert.Equal([1], _state.Standing.Select(partition => partition.Partition));
    }

    [Fact]
    public void A_partition_may_be_without_a_reader_for_ten_seconds()
    {
        AssessFresh(100, 50);
        Pass(5);
        Assert.Null(AssessFresh(100, 50, (0, 60)).Standing);
        Pass(10);
        Assert.Null(AssessFresh(100, 50).Standing);
        Pass(1);

        Assert.Equal((StandingCause.NoReader, "no node reads it"), Why(AssessFresh(100, 50)));
        Assert.Null(AssessFresh(100, 50, (0, 60)).Standing);
    }

    [Fact]
    public void Thirty_seconds_without_a_record_read_or_stored_are_no_progress()
    {
        AssessFresh(100, 50, (0, 60));
        Pass(30);
        Assert.Null(AssessFresh(120, 50, (0, 60)).Standing);
        Pass(1);

        var standing = AssessFresh(120, 50, (0, 60));
        Assert.Equal((StandingCause.NoProgress, "no progress since 12:00:00 UTC"), Why(standing));
        Assert.Equal(_now, standing.Standing!.SinceUtc);
        Pass(60);
        Assert.Equal(standing.Standing, AssessFresh(120, 50, (0, 60)).Standing);

        Assert.Null(AssessFresh(120, 50, (0, 61)).Standing);
        Pass(30);
        Assert.Null(AssessFresh(120, 51, (0, 61)).Standing);
        Pass(30);
        Assert.Null(AssessFresh(120, 51, (0, 61)).Standing);
    }

    [Fact]
    public void What_is_read_may_wait_for_its_checkpoint()
    {
        AssessFresh(100, 50, (0, 100));
        Pass(30 + (int)CheckpointInterval.TotalSeconds);
        Assert.Null(AssessFresh(100, 50, (0, 100)).Standing);
        Pass(1);

        Assert.Equal(
            (StandingCause.NoProgress, "all is read, and nothing is stored since 12:00:00 UTC"), Why(AssessFresh(100, 50, (0, 100))));
    }

    [Fact]
    public void Where_nothing_is_left_to_read_nothing_stands_however_long()
    {
        AssessFresh(100, 100, (0, 100));
        Pass(86_400);

        Assert.Null(AssessFresh(100, 100, (0, 100)).Standing);
        Assert.Null(AssessFresh(200, 100, (0, 100)).Standing);
    }

    [Fact]
    public void What_its_reader_says_of_a_partition_comes_before_all_else()
    {
        var answers = Answers([(0, 100)], [50]);
        Pass(60);

        var partition = Assess(answers, [Node(new NodePartition(0, 60, 50, "log cut: offsets 40 to 60 are in doubt"))]).Partitions[0];

        Assert.Equal((StandingCause.Reader, "log cut: offsets 40 to 60 are in doubt"), Why(partition));
    }

    [Fact]
    public void Of_two_readers_the_one_that_is_further_counts()
    {
        var other = Node(new NodePartition(0, 90, 50)) with { Node = "other#2", Address = "10.0.0.2:4053" };

        Assert.Equal(90, Assess(Answers([(0, 100)], [50]), [Node(new NodePartition(0, 60, 50)), other]).Partitions[0].Position);
        Assert.Equal("10.0.0.2:4053", _state.Partitions[0].ReaderAddress);
    }

    [Fact]
    public void A_topic_that_was_made_again_is_another_stream_with_as_many_partitions_as_it_has_now()
    {
        var before = Answers([(0, 100), (0, 100)], [50, 50]);
        Assess(before, []);
        Pass(31);

        var after = before.With(new TopicDescription("topic", "cluster", "another", [true]), _now);
        Assess(after, []);

        Assert.Equal("cluster/topic/another", _state.Stream);
        Assert.Equal([(long?)null], _state.Partitions.Select(partition => partition.Lag));
        Assert.Null(_state.Partitions[0].Standing);
    }

    [Fact]
    public void A_partition_whose_leader_does_not_say_where_its_log_ends_stands_still_when_nothing_moves()
    {
        AssessFresh(100, 50, (0, 60));
        for (var seconds = 0; seconds < 30; seconds += 2)
        {
            Pass(2);
            Assert.Null(Assess(WithoutEnd(60), Reads((0, 70))).Partitions[0].Standing);
        }

        Pass(3);
        var standing = Assess(WithoutEnd(60), Reads((0, 70))).Partitions[0];
        Assert.Equal(
            (StandingCause.NoProgress, "its leader does not say where its log ends, and nothing was read since 12:00:02 UTC"), Why(standing));
        Assert.Null(standing.Lag);

        Pass(2);
        Assert.Null(Assess(WithoutEnd(60), Reads((0, 80))).Partitions[0].Standing);

        StreamAnswers WithoutEnd(long stored) => Answers([(0, 100)], [stored]) with { Measured = null };
    }

    [Fact]
    public void Partitions_that_were_added_are_listed()
    {
        Assess(Answers([(0, 100)], [100]), []);

        Assert.Equal([0L, 30L], Assess(Answers([(0, 100), (0, 30)], [100, 0]), []).Partitions.Select(partition => partition.Lag));
    }

    [Fact]
    public void A_node_speaks_for_what_it_reads_and_for_what_nobody_reads()
    {
        var other = Node(new NodePartition(1, 10, 10)) with { Node = "other#2" };
        Assess(Answers([(0, 10), (0, 10), (0, 10)], [5, 10, 0]), [Node(new NodePartition(0, 10, 5)), other]);

        Assert.Equal([0, 2], _state.SpokenForBy(Reader).Select(partition => partition.Partition));
        Assert.Equal([1, 2], _state.SpokenForBy("other#2").Select(partition => partition.Partition));
        Assert.Equal((5L, 0L, 15L), (_state.LagOf(Reader), _state.LagOf("other#2"), _state.Lag));
    }

    [Theory]
    [InlineData(1, "Partition 0")]
    [InlineData(8, "8 partitions (0, 1, 2, 3, 4, 5, 6, 7)")]
    [InlineData(2000, "2,000 partitions (0, 1, 2, 3, 4, 5, 6, 7 and 1,992 more)")]
    public void However_many_partitions_there_are_their_names_fit_in_a_line(int count, string names) =>
        Assert.Equal(names, PartitionNames.Of([.. Enumerable.Range(0, count).Reverse()]));

    private static (StandingCause, string) Why(PartitionState partition) => (partition.Standing!.Cause, partition.Standing.Why);

    private void Pass(int seconds) => _now = _now.AddSeconds(seconds);

    private PartitionState AssessFresh(long end, long stored, params (int, long)[] reads) =>
        Assess(Answers([(0, end)], [stored]), reads.Length == 0 ? [] : Reads(reads)).Partitions[0];

    private StreamState Assess(StreamAnswers answers, IReadOnlyList<NodeStatus> nodes) =>
        _state = _assessment.Next(_state, answers, nodes, _now);

    private StreamAnswers Answers((long Begin, long End)[] spans, long[] stored) => new()
    {
        Described = (new TopicDescription("topic", "cluster", "id", [.. spans.Select(_ => true)]), _now),
        Measured = (spans.Index().ToImmutableDictionary(span => span.Index, span => new LogSpan(span.Item.Begin, span.Item.End)), _now),
        Stored = (new StoredProgress(stored.Index().ToImmutableDictionary(each => each.Index, each => each.Item)), _now),
    };

    private static NodeStatus[] Reads(params (int Partition, long Position)[] partitions) =>
        [Node([.. partitions.Select(partition => new NodePartition(partition.Partition, partition.Position, 0))])];

    private static NodeStatus Node(params NodePartition[] partitions) =>
        new(Reader, "10.0.0.1:4053", Noon, 0, 0, 0, 0, 0, 0, null, null, null, [.. partitions]);
}
