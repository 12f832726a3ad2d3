using System.Runtime.Serialization;
using Akka.Actor;
using Google.Protobuf;
using Pulse.Actors.Buckets;
using Pulse.Actors.Ingest;
using Pulse.Counting;
using Wire = Pulse.Actors.Ingest.Wire;

namespace Pulse.Actors.Tests.Serialization;

/// <summary>
/// The bytes below are in journals and on the wire; they were encoded by hand from <c>counting.proto</c>. A test that
/// fails here means that other nodes, or the next start, could not read what is written now: add a manifest with a new
/// version instead of changing the bytes.
/// </summary>
public sealed class CountingMessageSerializerTests : IDisposable
{
    private static readonly StreamPartition Partition = new("cluster/topic/1", 3);
    private static readonly StreamPartition First = new("cluster/topic/1", 0);
    private static readonly BucketId Mobile = new("viewsByDeviceGenre", 6);
    private static readonly RollupKey MobileDrama = new("Mobile", "Drama");
    private static readonly Window NewYear = new(1_767_225_600);
    private static readonly Window After = new(1_767_225_900);

    private readonly ActorSystem _system = ActorSystem.Create(
        "pulse", CountingMessageSerializer.Configuration.WithFallback("akka.loglevel = OFF, akka.stdout-loglevel = OFF"));

    public static TheoryData<string, string, string> Pinned =>
        new()
        {
            {
                "checkpoint", "counting.bucket-checkpoint.v1",
                "0A160A110A0F636C75737465722F746F7069632F3110AC020A170A130A0F636C75737465722F746F7069632F"
                + "311003102D121B0A064D6F62696C650A054472616D611080F2D6CA061880E497D01218093001"
            },
            {
                "empty checkpoint", "counting.bucket-checkpoint.v1",
                ""
            },
            {
                "open", "counting.open.v2",
                "0A160A127669657773427944657669636547656E7265180612130A0F636C75737465722F746F7069632F3110"
                + "0318AC0220F9FFFFFFFFFFFFFFFF01"
            },
            {
                "opened", "counting.opened.v2",
                "0A160A127669657773427944657669636547656E7265180612130A0F636C75737465722F746F7069632F3110"
                + "03182D20F9FFFFFFFFFFFFFFFF01"
            },
            {
                "delta", "counting.delta.v2",
                "0A160A127669657773427944657669636547656E7265180612130A0F636C75737465722F746F7069632F3110"
                + "031828202D2A170A064D6F62696C650A054472616D611080F2D6CA0618032A170A064D6F62696C650A054472"
                + "616D6110ACF4D6CA06180130F9FFFFFFFFFFFFFFFF013802"
            },
            {
                "accepted", "counting.accepted.v2",
                "0A160A127669657773427944657669636547656E7265180612130A0F636C75737465722F746F7069632F3110"
                + "03182D2001"
            },
            {
                "rejected", "counting.rejected.v2",
                "0A160A127669657773427944657669636547656E7265180612130A0F636C75737465722F746F7069632F3110"
                + "0318FFFFFFFFFFFFFFFFFF012002"
            },
            {
                "persist", "counting.persist.v2",
                "0A160A127669657773427944657669636547656E7265180612130A0F636C75737465722F746F7069632F3110"
                + "03182D2003"
            },
            {
                "persisted", "counting.persisted.v2",
                "0A160A127669657773427944657669636547656E7265180612130A0F636C75737465722F746F7069632F3110"
                + "03"
            },
            {
                "batch", "counting.batch.v3",
                "0A160A127669657773427944657669636547656E72651806120F636C75737465722F746F7069632F311A0F0A"
                + "064D6F62696C650A054472616D6122030102032A0300000032030303033A18F9FFFFFFFFFFFFFFF9FFFFFFFF"
                + "FFFFFF03000000000000004204AC02282D4A01055201025A020000620A80F2D6CA06ACF4D6CA066A02030172"
                + "0102"
            },
            {
                "answers", "counting.answers.v3",
                "0A160A127669657773427944657669636547656E72651806120F636C75737465722F746F7069632F311A0401"
                + "0203042204000000002A04030303033220F9FFFFFFFFFFFFFF01000000000000000200000000000000000000"
                + "00000000003A045A5A0100"
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
        Assert.Equal(13, pinned.Count);
    }

    [Fact]
    public void Fields_that_a_newer_version_added_are_passed_over()
    {
        // Field 15, a number: what a newer node might add.
        var bytes = Convert.FromHexString(Pinned.First(row => row.Data.Item1 == "open").Data.Item3 + "7801");

        Assert.Equal(Messages["open"], _system.Serialization.Deserialize(bytes, 1700, "counting.open.v2"));
    }

    [Fact]
    public void A_manifest_of_a_newer_version_is_refused_with_its_name()
    {
        var serializer = new CountingMessageSerializer((ExtendedActorSystem)_system);

        var failure = Assert.Throws<SerializationException>(() => serializer.FromBinary([], "counting.open.v9"));

        Assert.Contains("counting.open.v9", failure.Message, StringComparison.Ordinal);
        Assert.Contains("rolling upgrade", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_of_a_batch_that_do_not_fit_together_are_refused()
    {
        Action<Wire.BucketBatch>[] mistakes =
        [
            batch => batch.Kinds[0] = (Wire.RequestKind)9,
            batch => batch.Sessions.RemoveAt(0),
            batch => batch.StreamIndexes[0] = 1,
            batch => batch.Lengths.Clear(),
            batch => batch.CountNumbers[0] = 3,
            batch => batch.KeyIndexes[1] = 1,
            batch => batch.WindowEndsUnixSeconds.Add(0),
            batch =>
            {
                batch.Lengths.Clear();
                batch.CountNumbers.Clear();
            },
        ];
        Assert.All(mistakes, mistake => AssertRefused("batch", Wire.BucketBatch.Parser, mistake));
    }

    [Fact]
    public void Columns_of_answers_that_do_not_fit_together_are_refused()
    {
        Action<Wire.BucketAnswers>[] mistakes =
        [
            answers => answers.Kinds[3] = (Wire.AnswerKind)9,
            answers => answers.Positions.RemoveAt(0),
            answers => answers.StreamIndexes[2] = 1,
            answers => answers.Partitions.Add(0),
        ];
        Assert.All(mistakes, mistake => AssertRefused("answers", Wire.BucketAnswers.Parser, mistake));
    }

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
            case (ApplyDelta message, ApplyDelta delta):
                Assert.Equal(message.Delta.Counts, delta.Delta.Counts);
                Assert.Equal(message with { Delta = delta.Delta }, delta);
                Assert.Equal(message.Delta with { Counts = delta.Delta.Counts }, delta.Delta);
                break;
            case (BucketCheckpoint message, BucketCheckpoint checkpoint):
                Assert.Equal(message.Counts, checkpoint.Counts);
                Assert.Equal(message.Positions, checkpoint.Positions);
                Assert.Equal(
                    message with { Counts = checkpoint.Counts, Positions = checkpoint.Positions }, checkpoint);
                break;
            case (BucketBatch message, BucketBatch batch):
                Assert.Equal(message.Bucket, batch.Bucket);
                Assert.Equal(message.Requests.Count, batch.Requests.Count);
                Assert.All(message.Requests.Index(), request => AssertSame(request.Item, batch.Requests[request.Index]));
                break;
            case (BucketAnswers message, BucketAnswers answers):
                Assert.Equal(message.Bucket, answers.Bucket);
                Assert.Equal(message.Answers, answers.Answers);
                break;
            case var (message, _):
                Assert.Equal(message, read);
                break;
        }
    }

    private static Dictionary<string, object> Messages { get; } = new()
    {
        ["checkpoint"] = new BucketCheckpoint(
            [new PartitionPosition(First, 300), new PartitionPosition(Partition, 45)],
            [new KeyCount(MobileDrama, NewYear, 5_000_000_000)],
            LateCount: 9,
            IsComplete: true),
        ["empty checkpoint"] = new BucketCheckpoint([], [], 0, false),
        ["open"] = new OpenPartition(Mobile, Partition, 300, -7),
        ["opened"] = new PartitionOpened(Mobile, Partition, 45, -7),
        ["delta"] = new ApplyDelta(
            Mobile,
            new Delta(Partition, 40, 45, [new KeyCount(MobileDrama, NewYear, 3), new KeyCount(MobileDrama, After, 1)], Late: 2),
            -7),
        ["accepted"] = new DeltaAccepted(Mobile, Partition, 45, 1),
        ["rejected"] = new PartitionRejected(Mobile, Partition, -1, 2),
        ["persist"] = new PersistPartition(Mobile, Partition, 45, 3),
        ["persisted"] = new PartitionPersisted(Mobile, Partition, 0, 0),
        ["batch"] = new BucketBatch(
            Mobile,
            [
                new OpenPartition(Mobile, Partition, 300, -7),
                new ApplyDelta(
                    Mobile,
                    new Delta(
                        Partition, 40, 45, [new KeyCount(MobileDrama, NewYear, 3), new KeyCount(MobileDrama, After, 1)], Late: 2),
                    -7),
                new PersistPartition(Mobile, Partition, 45, 3),
            ]),
        ["answers"] = new BucketAnswers(
            Mobile,
            [
                new PartitionOpened(Mobile, Partition, 45, -7),
                new DeltaAccepted(Mobile, Partition, 45, 1),
                new PartitionRejected(Mobile, Partition, -1, 2),
                new PartitionPersisted(Mobile, Partition, 0, 0),
            ]),
        ["stop bucket"] = StopBucket.Instance,
        ["keep reading"] = new KeepReading(12),
        ["keep reading first"] = new KeepReading(0),
        ["stop reading"] = StopReading.Instance,
    };
}
