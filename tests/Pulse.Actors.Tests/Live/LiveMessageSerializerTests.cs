using Akka.Actor;
using Pulse.Actors.Buckets;
using Pulse.Actors.Live;
using Pulse.Counting;

namespace Pulse.Actors.Tests.Live;

/// <summary>
/// The bytes below are on the wire between nodes of two versions. A test that fails here means that they would not
/// understand each other: add a manifest with a new version instead of changing the bytes.
/// </summary>
public sealed class LiveMessageSerializerTests : IDisposable
{
    private static readonly DateTime Noon = new(2026, 1, 2, 12, 0, 0, 250, DateTimeKind.Utc);

    private readonly ActorSystem _system = ActorSystem.Create("pulse", LiveMessageSerializer.Configuration);

    private static Dictionary<string, object> Messages { get; } = new()
    {
        ["counts"] = new LiveCounts(
            "node#1",
            7,
            1_767_355_200_250,
            [
                new LiveBucket(
                    new BucketId("viewsByDeviceGenre", 6),
                    1_767_355_000_000,
                    [new LiveWindow(new Window(1_767_355_500), 12, [new KeyTotal(new RollupKey("Mobile", "Drama"), 12)])]),
            ]),
        ["wanted"] = UnstoredWanted.Instance,
        ["status"] = new NodeStatus(
            "node#1", "127.0.0.1:4053", Noon, 1000, 3, 1, 134, 64, 20, Noon, null, "away",
            [new NodePartition(2, 10, 8), new NodePartition(5, 30, 30, "no way")]) { Sequence = 7 },
    };

    public static TheoryData<string, string, string> Pinned => new()
    {
        {
            "counts", "live.counts.v3",
            "0A066E6F64652331100718FAE5D0F4B733223A0A127669657773427944657669636547656E72651A1B08ECE8DECA0610"
            + "0C1A110A064D6F62696C650A054472616D61100C200628C0C9C4F4B733"
        },
        { "wanted", "live.unpublished-wanted.v1", "" },
        {
            "status", "live.node-status.v1",
            "0A066E6F64652331120E3132372E302E302E313A343035331A0B08C0E6DECA061080E59A7720E8072803300138860140"
            + "404814520B08C0E6DECA061080E59A7762046177617970077A170A02020312020A1E1A0204002201012A066E6F20776179"
        },
    };

    public void Dispose() => _system.Dispose();

    // With the end of the log, which nodes do not tell each other any more.
    [Fact]
    public void A_status_of_the_version_before_columns_is_read()
    {
        const string Hex = "0A066E6F64652331120E3132372E302E302E313A343035331A0B08C0E6DECA061080E59A7720E8072803300138860140"
            + "404814520B08C0E6DECA061080E59A776204617761796A080802100A1808200C7007";

        var read = Assert.IsType<NodeStatus>(_system.Serialization.Deserialize(Convert.FromHexString(Hex), 1702, "live.node-status.v1"));

        Assert.Equal([new NodePartition(2, 10, 8)], read.Partitions);
        Assert.Equal((1000, 7, "away"), (read.Consumed, read.Sequence, read.StorageProblem));
    }

    [Theory]
    [MemberData(nameof(Pinned))]
    public void Every_message_has_its_manifest_and_its_bytes_for_ever(string name, string manifest, string hex)
    {
        var message = Messages[name];
        var serializer = Assert.IsType<LiveMessageSerializer>(_system.Serialization.FindSerializerFor(message));

        Assert.Equal(1702, serializer.Identifier);
        Assert.Equal(manifest, serializer.Manifest(message));
        Assert.Equal(hex, Convert.ToHexString(serializer.ToBinary(message)));
    }

    [Theory]
    [MemberData(nameof(Pinned))]
    public void Pinned_bytes_are_read_as_the_message_they_were(string name, string manifest, string hex)
    {
        var read = _system.Serialization.Deserialize(Convert.FromHexString(hex), 1702, manifest);

        Assert.Equal(Messages[name].GetType(), read.GetType());
        Assert.Equal(hex, Convert.ToHexString(_system.Serialization.FindSerializerFor(read).ToBinary(read)));
    }
}
