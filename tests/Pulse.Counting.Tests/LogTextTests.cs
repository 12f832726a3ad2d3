using static Pulse.Counting.Tests.Examples;

namespace Pulse.Counting.Tests;

/// <summary>How the small values read in logs.</summary>
public sealed class LogTextTests
{
    [Fact]
    public void A_position_names_its_epoch_where_that_is_known()
    {
        Assert.Equal("1500@3", At(1500, 3).ToString());
        Assert.Equal("1500", At(1500).ToString());
    }

    [Fact]
    public void A_partition_is_named_by_its_stream_and_number() => Assert.Equal("cluster/topic/1[1]", One.ToString());

    [Fact]
    public void A_session_is_named_by_its_number_and_attempt() => Assert.Equal("5c1f#2", new SessionId(0x5C1F, 2).ToString());

    [Fact]
    public void A_version_is_named_by_all_of_its_digits() =>
        Assert.Equal("000000000000000000000000000000ff", new VersionDigest(255).ToString());
}
