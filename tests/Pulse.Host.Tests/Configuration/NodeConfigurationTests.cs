using Microsoft.Extensions.Configuration;
using Pulse.Actors.Storage;
using Pulse.Host.Configuration;

namespace Pulse.Host.Tests.Configuration;

public sealed class NodeConfigurationTests
{
    [Fact]
    public void With_nothing_configured_everything_is_embedded()
    {
        var node = Read([]);

        Assert.True(node.IsBrokerEmbedded);
        Assert.True(node.IsStorageEmbedded);
        Assert.Equal(StorageKind.Sqlite, node.Settings.Storage.Kind);
        Assert.Equal(Path.GetFullPath("pulse-data"), node.DataDirectory);
        Assert.Equal(Path.GetFullPath("pulse-data/warehouse"), node.Warehouse.Directory);
        Assert.Null(node.Warehouse.BigQuery);
        Assert.Equal(8080, node.Http.Port);
        Assert.Equal(TimeSpan.FromSeconds(5), node.Settings.CheckpointInterval);
        Assert.Equal(TimeSpan.FromMinutes(5), node.Settings.Rules.WindowLength);
        Assert.Null(node.Settings.Rules.AllowedLateness);
        Assert.Equal(
            ["viewsByDeviceGenre", "viewsByGenderAgeGroup", "viewsByLocationMR"],
            node.Settings.Catalog.Rollups.Select(rollup => rollup.Name));
    }

    [Fact]
    public void With_servers_configured_nothing_is_embedded()
    {
        var node = Read(new()
        {
            ["Pulse:Kafka:BootstrapServers"] = "kafka-1:9092, kafka-2:9092",
            ["Pulse:Kafka:Client:security.protocol"] = "ssl",
            ["Pulse:Storage:ConnectionString"] = "Host=db;Database=views;Username=u;Password=p",
            ["Pulse:Cluster:Port"] = "4053",
            ["Pulse:Cluster:SeedNodes:0"] = "pulse-0:4053",
            ["Pulse:Rollups:0:Name"] = "viewsByLanguage",
            ["Pulse:Rollups:0:Dimensions:0"] = "language",
            ["Pulse:Rollups:0:Buckets"] = "16",
        });

        Assert.False(node.IsBrokerEmbedded);
        Assert.False(node.IsStorageEmbedded);
        Assert.Equal(StorageKind.Postgres, node.Settings.Storage.Kind);
        Assert.Equal(TimeSpan.FromMinutes(5), node.Settings.CheckpointInterval);
        Assert.Equal("ssl", node.Settings.Kafka.Client["security.protocol"]);
        Assert.Equal(["akka.tcp://pulse@pulse-0:4053"], node.Settings.Cluster.SeedNodes);
        Assert.Contains(node.Settings.Catalog.Rollups, rollup => rollup is { Name: "viewsByLanguage", Buckets: 16 });
    }

    [Theory]
    [InlineData("Pulse:Windows", "00:05:00", "Pulse:Windows is no setting;")]
    [InlineData("Pulse:Rollups:0:Dimension", "genre", "Pulse:Rollups:0:Dimension is no setting;")]
    [InlineData("Pulse:Cluster:Shards", "many", "Pulse:Cluster:Shards is 'many'; give a whole number.")]
    [InlineData("Pulse:Cluster:Shards", "0", "Pulse:Cluster:Shards is 0;")]
    [InlineData("Pulse:Cluster:SeedNodes:0", "pulse-0", "Pulse:Cluster:SeedNodes names 'pulse-0';")]
    [InlineData("Pulse:Cluster:Bind", "pulse-0", "Pulse:Cluster:Bind is 'pulse-0'; use an IP address such as 0.0.0.0.")]
    [InlineData("Pulse:Cluster:Hostname", "0.0.0.0", "Pulse:Cluster:Hostname is '0.0.0.0'; name what other nodes reach")]
    [InlineData("Pulse:Kafka:CreateTopics", "si", "Pulse:Kafka:CreateTopics is 'si'; give true or false.")]
    [InlineData("Pulse:Http:Port:Number", "1", "Pulse:Http:Port is one value, not a section.")]
    [InlineData("Pulse:Kafka:Topic", "completion-event", "Pulse:Kafka:Topic, CompletionTopic and DeadLetterTopic")]
    [InlineData("Pulse:Storage:ConnectionString", "Hozt=", "Pulse:Storage:ConnectionString can't be understood (it has a keyword that the driver does not know);")]
    [InlineData("Pulse:CheckpointInterval", "soon", "Pulse:CheckpointInterval is 'soon'; give a time span such as 00:05:00.")]
    public void A_mistake_is_one_line_that_names_the_setting(string setting, string value, string start)
    {
        var refused = Assert.Throws<ConfigurationException>(() => Read(new() { [setting] = value }));

        Assert.Contains(refused.Mistakes, line => line.StartsWith(start, StringComparison.Ordinal));
        Assert.DoesNotContain(refused.Mistakes, line => line.Contains('\n', StringComparison.Ordinal));
    }

    [Fact]
    public void All_mistakes_are_told_at_once()
    {
        var refused = Assert.Throws<ConfigurationException>(() => Read(new()
        {
            ["Pulse:Windows"] = "x", ["Pulse:Cluster:Shards"] = "many", ["Pulse:Kafka:Topics"] = "x",
        }));

        Assert.Equal(3, refused.Mistakes.Count);
    }

    [Fact]
    public void A_password_in_a_connection_string_is_never_repeated()
    {
        var refused = Assert.Throws<ConfigurationException>(() => Read(new()
        {
            ["Pulse:Storage:ConnectionString"] = "Host=db;Password=sesame;Ports=1",
        }));

        Assert.DoesNotContain("sesame", refused.Message, StringComparison.Ordinal);
        Assert.Contains("ports", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    private static NodeConfiguration Read(Dictionary<string, string?> settings) =>
        NodeConfiguration.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
}
