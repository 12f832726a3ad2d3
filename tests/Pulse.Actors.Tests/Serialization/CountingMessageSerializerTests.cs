using System.Runtime.Serialization;
using Akka.Actor;
using CsCheck;
using Google.Protobuf;
using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
using Pulse.Counting;
using Wire = Pulse.Actors.Ingest.Wire;

namespace Pulse.Actors.Tests.Serialization;

/// <summary>
/// The bytes below are on the wire; they were encoded from <c>counting.proto</c> without Pulse. A test that
/// fails here means that other nodes could not read what is written now: add a manifest with a new
/// version instead of changing the bytes.
/// </summary>
public sealed class CountingMessageSerializerTests : IDisposable
{
    private static readonly StreamPartition Partition = new("cluster/topic/1", 3);
    private static readonly StreamPartition First = new("cluster/topic/1", 0);
    private static readonly BucketId Mobile = new("viewsByDeviceGenre", 6);
    private static readonly SessionId Seven = new(-7, 2);
    private static readonly SessionId Five = new(5, 1);
    private static readonly RollupKey MobileDrama = new("Mobile", "Drama");
    private static readonly Window NewYear = new(1_767_225_600);
    private static readonly Window After = new(1_767_225_900);

    private readonly ActorSystem _system = ActorSystem.Create(
        "pulse", CountingMessageSerializer.Configuration.WithFallback("akka.loglevel = OFF, akka.stdout-loglevel = OFF"));

    public static TheoryData<string, string, string> Pinned =>
        new()
        {
            {
                "requests", "counting.requests.v1",
                "0A160A127669657773427944657669636547656E7265180611EFCDAB8967452301191032547698BADCFE220F"
                + "636C75737465722F746F7069632F312A0F0A064D6F62696C650A054472616D61300138024204000000004A04"
                + "030300005220F9FFFFFFFFFFFFFFF9FFFFFFFFFFFFFF050000000000000005000000000000005A0402020101"
                + "620528AC0290036A0305640072030601007A0308000082010202008A0102000192010204009A01020200A201"
                + "020001B201020600BA01020000C2010A80F2D6CA06ACF4D6CA06CA01020301D20102B602DA01010A"
            },
            {
                "replies", "counting.replies.v1",
                "0A160A127669657773427944657669636547656E72651806120F636C75737465722F746F7069632F311A0601"
                + "020304050622060000000000002A060303030000003230F9FFFFFFFFFFFFFFF9FFFFFFFFFFFFFFF9FFFFFFFF"
                + "FFFFFF0500000000000000050000000000000005000000000000003A0602020201010142082D2D2D00900390"
                + "034A0608080801000052062D05000064645A06010608010101"
            },
            {
                "stop bucket", "counting.stop.v1",
                ""
            },
            {
                "keep reading", "ingest.keep-reading.v1",
                "080C"
            },
            {
                "keep reading first", "ingest.keep-reading.v1",
                ""
            },
            {
                "stop reading", "ingest.stop-reading.v1",
                ""
            },
        };

    public void Dispose() => _system.Dispose();

    [Theory]
    [MemberData(nameof(Pinned))]
    public void Every_message_has_its_manifest_and_its_bytes_for_ever(string name, string manifest, string hex)
    {
        var message = Messages[name];
        var serializer = Assert.IsType<CountingMessageSerializer>(_system.Serialization.FindSerializerFor(message));

        Assert.Equal(1700, serializer.Identifier);
        Assert.Equal(manifest, serializer.Manifest(message));
        Assert.Equal(hex, Convert.ToHexString(serializer.ToBinary(message)));
    }

    [Theory]
    [MemberData(nameof(Pinned))]
    public void Pinned_bytes_are_read_as_the_message_they_were(string name, string manifest, string hex)
    {
        var read = _system.Serialization.Deserialize(Convert.FromHexString(hex), 1700, manifest);

        AssertSame(Messages[name], read);
    }

    [Fact]
    public void Every_kind_of_message_is_pinned()
    {
        var kinds = typeof(IBucketMessage).Assembly.GetTypes()
            .Where(type => type.IsAssignableTo(typeof(IBucketMessage)) && !type.IsInterface);

        var pinned = Pinned.Select(row => Messages[row.Data.Item1].GetType()).ToHashSet();

        Assert.All(kinds, kind => Assert.Contains(kind, pinned));
        Assert.Equal(Messages.Count, Pinned.Count);
        Assert.Equal(5, pinned.Count);
    }

    [Fact]
    public void Fields_that_a_newer_version_added_are_passed_over()
    {
        // Field 15, a number: what a newer node might add.
        var bytes = Convert.FromHexString(Pinned.First(row => row.Data.Item1 == "keep reading").Data.Item3 + "7801");

        Assert.Equal(Messages["keep reading"], _system.Serialization.Deserialize(bytes, 1700, "ingest.keep-reading.v1"));
    }

    [Fact]
    public void A_manifest_of_a_newer_version_is_refused_with_its_name()
    {
        var serializer = new CountingMessageSerializer((ExtendedActorSystem)_system);

        var failure = Assert.Throws<SerializationException>(() => serializer.FromBinary([], "counting.requests.v9"));

        Assert.Contains("counting.requests.v9", failure.Message, StringComparison.Ordinal);
        Assert.Contains("rolling upgrade", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_of_requests_that_do_not_fit_together_are_refused()
    {
        Action<Wire.BucketRequests>[] mistakes =
        [
            requests => requests.Questions = 3,
            requests => requests.Questions = uint.MaxValue,
            requests => requests.Deltas = 3,
            requests => requests.Deltas = uint.MaxValue - 1,
            requests => requests.StreamIndexes.RemoveAt(0),
            requests => requests.StreamIndexes[1] = 1,
            requests => requests.Partitions.Add(0),
            requests => requests.Incarnations.RemoveAt(0),
            requests => requests.Attempts.Clear(),
            requests => requests.Offsets.Add(0),
            requests => requests.Lengths.RemoveAt(0),
            requests => requests.StartEpochs.Clear(),
            requests => requests.EndEpochs.Add(1),
            requests => requests.CountNumbers[0] = 1,
            requests => requests.CountNumbers[0] = 3,
            requests => requests.CountNumbers[1] = uint.MaxValue,
            requests => requests.GapNumbers[0] = 1,
            requests => requests.GapNumbers[1] = 0,
            requests => requests.Late.RemoveAt(0),
            requests => requests.Filtered.Add(1),
            requests => requests.KeyIndexes[1] = 1,
            requests => requests.KeyIndexes.Add(0),
            requests => requests.WindowEndsUnixSeconds.Add(0),
            requests => requests.Counts.RemoveAt(0),
            requests => requests.GapOffsets.Add(1),
            requests => requests.GapLengths.Clear(),
        ];
        Assert.All(mistakes, mistake => AssertRefused("requests", Wire.BucketRequests.Parser, mistake));
    }

    [Fact]
    public void Columns_of_replies_that_do_not_fit_together_are_refused()
    {
        Action<Wire.BucketReplies>[] mistakes =
        [
            replies => replies.Kinds[0] = Wire.ReplyKind.Unspecified,
            replies => replies.Kinds[5] = (Wire.ReplyKind)8,
            replies => replies.Kinds.RemoveAt(0),
            replies => replies.StreamIndexes[2] = 1,
            replies => replies.Partitions.Add(0),
            replies => replies.Incarnations.RemoveAt(0),
            replies => replies.Attempts.Clear(),
            replies => replies.Offsets.Add(0),
            replies => replies.Epochs.RemoveAt(0),
            replies => replies.UnstoredLengths.Add(1),
            replies => replies.StoredEpochs.Clear(),
        ];
        Assert.All(mistakes, mistake => AssertRefused("replies", Wire.BucketReplies.Parser, mistake));
    }

    [Fact]
    public void Whatever_sessions_say_is_read_as_it_was_and_takes_no_more_than_foreseen() => CountingMessages.Requests.Sample(requests =>
    {
        var serializer = new CountingMessageSerializer((ExtendedActorSystem)_system);
        var bytes = serializer.ToBinary(requests);

        AssertSame(requests, serializer.FromBinary(bytes, serializer.Manifest(requests)));
        // What every message has, and the streams' names.
        var foreseen = 1_000 + (requests.Questions.Count + requests.EmptyDeltas.Count) * BucketRequestsBuilder.BytesPerRow;
        Assert.InRange(bytes.Length, 1, foreseen + requests.Deltas.Sum(sent => sent.Delta.EncodedBytes));
    });

    [Fact]
    public void Whatever_a_bucket_answers_is_read_as_it_was_and_takes_no_more_than_foreseen() => CountingMessages.Replies.Sample(replies =>
    {
        var serializer = new CountingMessageSerializer((ExtendedActorSystem)_system);

        var bytes = serializer.ToBinary(replies);
        AssertSame(replies, serializer.FromBinary(bytes, serializer.Manifest(replies)));
        Assert.InRange(bytes.Length, 1, 1_000 + (replies.Answers.Count * BucketReplies.BytesPerAnswer));
    });

    [Fact]
    public void What_is_no_message_of_the_protocol_is_refused()
    {
        var serializer = new CountingMessageSerializer((ExtendedActorSystem)_system);

        Assert.Throws<ArgumentException>(() => serializer.Manifest("text"));
        Assert.Throws<ArgumentException>(() => serializer.ToBinary("text"));
    }

    private void AssertRefused<T>(string name, MessageParser<T> parser, Action<T> mistake)
        where T : IMessage<T>
    {
        var (_, manifest, hex) = Pinned.Select(row => row.Data).First(row => row.Item1 == name);
        var message = parser.ParseFrom(Convert.FromHexString(hex));
        mistake(message);
        var serializer = new CountingMessageSerializer((ExtendedActorSystem)_system);

        Assert.Throws<SerializationException>(() => serializer.FromBinary(message.ToByteArray(), manifest));
    }

    // Records compare their lists by reference.
    private static void AssertSame(object expected, object read)
    {
        switch (expected, read)
        {
            case (BucketRequests message, BucketRequests requests):
                Assert.Equal((message.Bucket, message.Version), (requests.Bucket, requests.Version));
                Assert.Equal(message.Questions, requests.Questions);
                Assert.Equal(message.EmptyDeltas, requests.EmptyDeltas);
                Assert.Equal(message.Deltas.Select(sent => sent.Session), requests.Deltas.Select(sent => sent.Session));
                Assert.All(message.Deltas.Index(), sent => AssertSame(sent.Item.Delta, requests.Deltas[sent.Index].Delta));
                break;
            case (Delta message, Delta delta):
                Assert.Equal(message.Counts, delta.Counts);
                Assert.Equal(message.Gaps, delta.Gaps);
                Assert.Equal(message with { Counts = delta.Counts, Gaps = delta.Gaps }, delta);
                break;
            case (BucketReplies message, BucketReplies replies):
                Assert.Equal(message.Answers, replies.Answers);
                break;
            case var (message, _):
                Assert.Equal(message, read);
                break;
        }
    }

    private static Dictionary<string, object> Messages { get; } = new()
    {
        ["requests"] = new BucketRequests(
            Mobile,
            new VersionDigest(new UInt128(0x0123456789abcdef, 0xfedcba9876543210)),
            [new PositionQuestion(Partition, Seven)],
            [
                new SessionDelta(Seven, new Delta(
                    Partition,
                    new VersionDigest(new UInt128(0x0123456789abcdef, 0xfedcba9876543210)),
                    new LogPosition(40, 3),
                    new LogPosition(45, 4),
                    new Balance(Counted: 4, Late: 2, Dead: 0, Filtered: 0, Consumed: 6),
                    [new KeyCount(MobileDrama, NewYear, 3), new KeyCount(MobileDrama, After, 1)],
                    [])),
                new SessionDelta(Five, new Delta(
                    First,
                    new VersionDigest(new UInt128(0x0123456789abcdef, 0xfedcba9876543210)),
                    new LogPosition(300, -1),
                    new LogPosition(400, 0),
                    new Balance(Counted: 0, Late: 0, Dead: 1, Filtered: 0, Consumed: 0),
                    [],
                    [new Gap(First, 310, 320)])),
            ],
            [new EmptyDelta(First, Five, new LogPosition(400, 0), new LogPosition(400, 0))]),
        ["replies"] = new BucketReplies(
        [
            new BucketAnswer(Mobile, Partition, Seven, AnswerKind.Position, new LogPosition(45, 4), new LogPosition(0, -1)),
            new BucketAnswer(Mobile, Partition, Seven, AnswerKind.Applied, new LogPosition(45, 4), new LogPosition(40, 3)),
            new BucketAnswer(Mobile, Partition, Seven, AnswerKind.Held, new LogPosition(45, 4), new LogPosition(45, 4)),
            new BucketAnswer(Mobile, First, Five, AnswerKind.Elsewhere, new LogPosition(0, -1), new LogPosition(0, -1)),
            new BucketAnswer(Mobile, First, Five, AnswerKind.OtherVersion, new LogPosition(400, 0), new LogPosition(300, -1)),
            new BucketAnswer(Mobile, First, Five, AnswerKind.OldStream, new LogPosition(400, 0), new LogPosition(300, -1)),
        ]),
        ["stop bucket"] = StopBucket.Instance,
        ["keep reading"] = new KeepReading(12),
        ["keep reading first"] = new KeepReading(0),
        ["stop reading"] = StopReading.Instance,
    };
}
