using Pulse.Actors.Broker;
using Pulse.Actors.Hosting;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Tests.Hosting;

public sealed class ClusterAgreementTests
{
    private static readonly PulseSettings Ours = new(
        new KafkaSettings("broker:9092"), new StorageOptions(StorageKind.Sqlite, "Data Source=:memory:"), RollupCatalog.Default);

    [Fact]
    public void Nodes_with_the_same_settings_agree() => Assert.Null(Difference(Ours with
    {
        // What may differ from node to node.
        CheckpointInterval = TimeSpan.FromSeconds(1),
        Cluster = new ClusterSettings { Port = 4053, Roles = [NodeRole.Ingest] },
    }));

    [Fact]
    public void Every_difference_names_its_setting_and_both_values()
    {
        Assert.Equal(
            "Pulse:Cluster:Shards, which is '64' there and '32' here",
            Difference(Ours with { Cluster = new ClusterSettings { Shards = 32 } }));
        Assert.Equal(
            "Pulse:Window, which is '00:05:00' there and '00:01:00' here",
            Difference(Ours with { Rules = new CountingRules { WindowLength = TimeSpan.FromMinutes(1) } }));
        Assert.Equal(
            "Pulse:AllowedLateness, which is 'unlimited' there and '00:10:00' here",
            Difference(Ours with { Rules = new CountingRules { AllowedLateness = TimeSpan.FromMinutes(10) } }));
        Assert.Equal(
            "Pulse:Kafka:Topic, which is 'netflix-event' there and 'a=b' here; "
                + "Pulse:Kafka:GroupId, which is 'pulse' there and 'another' here",
            Difference(Ours with { Kafka = Ours.Kafka with { Topic = "a=b", GroupId = "another" } }));
    }

    [Fact]
    public void A_rollup_more_is_a_difference()
    {
        Assert.Empty(RollupCatalog.TryCreate(
            [new RollupDeclaration { Name = "viewsByLanguage", Dimensions = ["language"] }], out var more));

        Assert.Equal("Pulse:Rollups, which declares other rollups here", Difference(Ours with { Catalog = more }));
    }

    [Fact]
    public void What_another_version_tells_or_does_not_tell_is_passed_over()
    {
        Assert.Null(ClusterAgreement.Difference(ClusterAgreement.RolesOf(Ours), ["ingest", "bucket", "colour=red", "=", "shards"]));
        Assert.Null(ClusterAgreement.Difference([], ClusterAgreement.RolesOf(Ours)));
    }

    private static string? Difference(PulseSettings mine) =>
        ClusterAgreement.Difference(ClusterAgreement.RolesOf(mine), ClusterAgreement.RolesOf(Ours));
}
