using System.Globalization;
using System.Net;
using Npgsql;
using Pulse.Host;
using Pulse.Host.Configuration;

namespace Pulse.Deployment.Tests;

/// <summary>Whether <c>docker-compose.yaml</c> and <c>.env</c> fit together, and fit the program.</summary>
public sealed class ComposeTests
{
    // What the file uses of the Compose specification; a slip of the pen is in neither.
    private static readonly HashSet<string> KnownKeys =
    [
        "build", "cap_drop", "command", "depends_on", "environment", "healthcheck", "hostname", "image", "ports", "profiles",
        "read_only", "restart", "scale", "secrets", "security_opt", "stop_grace_period", "tmpfs", "user", "volumes",
    ];

    private static readonly ComposeFile File = ComposeFile.Read();

    private static IEnumerable<ComposeService> Nodes =>
        File.Services.Values.Where(each => each.IsNode && each.List("profiles").Count == 0);

    [Fact]
    public void Keys_are_known_and_variables_are_all_used()
    {
        Assert.All(File.Services.Values, service => Assert.Subset(KnownKeys, service.Keys.ToHashSet()));
        Assert.Empty(File.Unused);
        Assert.Equivalent(new[] { "services", "secrets", "volumes" }, File.Names.Keys, strict: true);
    }

    [Fact]
    public void The_host_accepts_every_nodes_settings_and_all_nodes_have_the_same()
    {
        Assert.True(Nodes.Sum(each => int.Parse(each.Text("scale") ?? "1", CultureInfo.InvariantCulture)) == 3);
        foreach (var service in Nodes)
        {
            var node = Settings.Read(service.Environment);
            Assert.False(node.IsBrokerEmbedded);
            Assert.False(node.IsStorageEmbedded);
            Assert.Equal(Nodes.First().Environment, service.Environment);
            Assert.Equal((IPAddress.Any, "0.0.0.0"), (node.Http.Address, node.Settings.Cluster.Bind));
        }
    }

    [Fact]
    public void The_seed_nodes_are_services_by_their_own_names_and_more_than_one()
    {
        var cluster = Settings.Read(Nodes.First().Environment).Settings.Cluster;

        // By "auto" each tells its container's name: for the seed nodes that must be the service's.
        Assert.Equal("auto", Nodes.First().Environment["Pulse__Cluster__Hostname"]);
        Assert.Equal(Dns.GetHostName(), cluster.Hostname);
        var seeds = Nodes.Where(each => each.Text("hostname") is not null).ToList();
        Assert.True(seeds.Count >= 2);
        Assert.All(seeds, each => Assert.Equal(each.Name, each.Text("hostname")));
        Assert.Equal(
            seeds.Select(each => $"pulse@{each.Name}:{cluster.Port}"), cluster.SeedNodes.Select(each => each.Split("://")[1]));
        Assert.All(seeds, each => Assert.Null(each.Text("scale")));
        Assert.Contains(Nodes, each => each.Text("hostname") is null && each.List("ports").Count == 0);
    }

    [Fact]
    public void Only_the_dashboard_is_published_and_only_on_loopback()
    {
        var published = Assert.Single(File.Services.Values.SelectMany(each => each.List("ports"))).Split(':');

        Assert.Equal("127.0.0.1", published[0]);
        Assert.Equal(Settings.Read(Nodes.First().Environment).Http.Port.ToString(CultureInfo.InvariantCulture), published[2]);
    }

    [Fact]
    public void Servers_are_where_the_nodes_look_for_them()
    {
        var node = Settings.Read(Nodes.First().Environment);
        var storage = new NpgsqlConnectionStringBuilder(node.Settings.Storage.ConnectionString);
        var postgres = File.Services[storage.Host!].Environment;
        var kafka = File.Services[node.Settings.Kafka.BootstrapServers.Split(':')[0]].Environment;
        var simulator = Simulation.Parse(File.Services["simulator"].List("command"));

        Assert.Equal(
            (storage.Username, storage.Password, storage.Database),
            (postgres["POSTGRES_USER"], postgres["POSTGRES_PASSWORD"], postgres["POSTGRES_DB"]));
        Assert.Equal($"PLAINTEXT://{node.Settings.Kafka.BootstrapServers}", kafka["KAFKA_ADVERTISED_LISTENERS"]);
        Assert.Contains($"PLAINTEXT://:{node.Settings.Kafka.BootstrapServers.Split(':')[1]}", kafka["KAFKA_LISTENERS"], StringComparison.Ordinal);
        Assert.Equal(
            (node.Settings.Kafka.BootstrapServers, node.Settings.Kafka.Topic, node.Settings.Kafka.CompletionTopic),
            (simulator.BootstrapServers, simulator.Topic, simulator.CompletionTopic));
    }

    [Fact]
    public void Whoever_is_waited_for_has_a_health_check()
    {
        Assert.All(File.Services.Values.SelectMany(each => each.DependsOn), other =>
        {
            Assert.Equal("service_healthy", other.Value);
            var service = File.Services[other.Key];
            Assert.True(service.IsNode || service.Keys.Contains("healthcheck"), other.Key);
        });
        Assert.All(Nodes, each => Assert.Equivalent(new[] { "kafka", "postgres" }, each.DependsOn.Keys, strict: true));
        Assert.NotEmpty(File.Services["simulator"].DependsOn);
    }

    [Fact]
    public void A_node_has_more_time_to_end_than_the_host_takes_and_is_started_again()
    {
        Assert.All(Nodes, each =>
        {
            var seconds = double.Parse(each.Text("stop_grace_period")!.TrimEnd('s'), CultureInfo.InvariantCulture);
            Assert.True(seconds > PulseApplication.ShutdownTimeout.TotalSeconds);
            Assert.Equal("unless-stopped", each.Text("restart"));
        });
    }

    [Fact]
    public void No_container_may_do_more_than_it_must()
    {
        Assert.All(File.Services.Values, each =>
        {
            Assert.Equal(["ALL"], each.List("cap_drop"));
            Assert.Equal(["no-new-privileges:true"], each.List("security_opt"));
            Assert.Equal(each.Name == "kafka" ? null : "true", each.Text("read_only"));
        });
        Assert.All(File.Services.Values.Where(each => each.Target is not null), each => Assert.Equal(["/tmp"], each.List("tmpfs")));
        var data = Settings.Read(new Dictionary<string, string>(Nodes.First().Environment)
        {
            ["Pulse__Data"] = Images.Environment("host")["Pulse__Data"],
        }).DataDirectory;
        Assert.All(Nodes, each => Assert.Equal([$"pulse-data:{data}"], each.List("volumes")));
    }

    [Fact]
    public void Volumes_and_secrets_are_declared()
    {
        Assert.Equivalent(
            File.Names["volumes"],
            File.Services.Values.SelectMany(each => each.List("volumes")).Select(each => each.Split(':')[0]).Distinct(),
            strict: true);
        Assert.Equivalent(File.Names["secrets"], File.Services.Values.SelectMany(each => each.List("secrets")), strict: true);
    }

    [Fact]
    public void The_profile_for_BigQuery_exports_with_the_mounted_key_and_needs_a_project()
    {
        const string Service = "bigquery";
        var file = ComposeFile.Read(("BIGQUERY_PROJECT", "my-project"));
        var export = file.Services[Service];

        Assert.Equal([Service], export.List("profiles"));
        Assert.Equal(["export"], export.List("command"));
        Assert.Equal($"/run/secrets/{Assert.Single(export.List("secrets"))}", export.Environment["Pulse__Warehouse__BigQuery__CredentialsFile"]);
        Assert.Equal("my-project", Settings.Read(export.Environment).Warehouse.BigQuery?.ProjectId);
        var mistake = Assert.Throws<ConfigurationException>(() => Settings.Read(File.Services[Service].Environment));
        Assert.Contains("ProjectId", Assert.Single(mistake.Mistakes), StringComparison.Ordinal);
    }

    [Fact]
    public void Images_are_those_of_Kubernetes_and_what_is_built_is_a_stage_of_the_Dockerfile()
    {
        var images = File.Services.Values.Select(each => each.Image).ToHashSet();
        Assert.Equal(
            Overlay.Render("local").Pods.Select(pod => pod.Template.Spec.Containers.Single().Image).Order(), images.Order());
        Assert.All(
            File.Services.Values.Where(each => each.Image.StartsWith("pulse-", StringComparison.Ordinal)),
            each => Assert.Equal(each.Image, $"pulse-{each.Target}:local"));
        Assert.All(File.Services.Values.Select(each => each.Target).OfType<string>(), stage => Assert.Contains(stage, Images.Stages));
    }
}
