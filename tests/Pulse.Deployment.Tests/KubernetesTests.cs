using System.Net;
using Pulse.Host;
using Pulse.Host.Configuration;
using k8s.Models;

namespace Pulse.Deployment.Tests;

/// <summary>Whether what <c>deploy/k8s</c> asks for fits together, and fits the program.</summary>
public sealed class KubernetesTests
{
    // Made by whoever deploys; docs/operations.md tells how.
    private static readonly Dictionary<string, string> SecretsOfGke = new()
    {
        ["storage-connection-string"] = "Host=10.0.0.2;Database=pulse;Username=pulse;Password=none",
        ["http-api-key"] = "0123456789abcdef0123456789abcdef",
        ["kafka-username"] = "somebody",
        ["kafka-password"] = "none",
    };

    public static TheoryData<string> Overlays => Overlay.All;

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Everything_that_the_nodes_need_is_there(string name)
    {
        var overlay = Overlay.Render(name);

        Type[] needed =
        [
            typeof(V1Namespace), typeof(V1ServiceAccount), typeof(V1ConfigMap), typeof(V1Service), typeof(V1StatefulSet),
            typeof(V1PodDisruptionBudget), typeof(V2HorizontalPodAutoscaler), typeof(V1NetworkPolicy),
        ];
        Assert.All(needed, type => Assert.Contains(overlay.Objects, type.IsInstanceOfType));
        var home = overlay.OfType<V1Namespace>().Single().Name();
        Assert.All(overlay.Objects.Where(each => each is not V1Namespace), each => Assert.Equal(home, each.Metadata.NamespaceProperty));
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void The_host_accepts_every_setting_and_nothing_is_embedded(string name)
    {
        var node = Read(Overlay.Render(name));

        Assert.False(node.IsBrokerEmbedded);
        Assert.False(node.IsStorageEmbedded);
        Assert.Equal(IPAddress.Any, node.Http.Address);
        Assert.Equal(name == "gke", node.Http.IsProtected);
        Assert.Equal(name == "gke", node.Warehouse.BigQuery is not null);
        Assert.StartsWith("/data", node.DataDirectory, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void A_node_is_found_by_the_name_it_gives_and_the_seed_nodes_are_the_first_pods(string name)
    {
        var overlay = Overlay.Render(name);
        var cluster = Read(overlay).Settings.Cluster;
        var nodes = overlay.Nodes;
        var service = overlay.Get<V1Service>(nodes.Spec.ServiceName);

        Assert.Equal("None", service.Spec.ClusterIP);
        Assert.True(service.Spec.PublishNotReadyAddresses);
        Assert.Equal($"{nodes.Name()}-0.{service.Name()}", cluster.Hostname);
        Assert.Equal("0.0.0.0", cluster.Bind);
        Assert.Equal(Port(overlay, "remoting"), cluster.Port);
        Assert.NotEmpty(cluster.SeedNodes);
        Assert.All(cluster.SeedNodes.Index(), seed => Assert.Equal(
            $"pulse@{nodes.Name()}-{seed.Index}.{service.Name()}:{cluster.Port}", seed.Item.Split("://")[1]));
        var scaling = Assert.Single(overlay.OfType<V2HorizontalPodAutoscaler>()).Spec;
        Assert.True(scaling.MinReplicas >= cluster.SeedNodes.Length && scaling.MinReplicas >= 3);
        Assert.True(cluster.Shards >= 10 * scaling.MaxReplicas, "Ten shards or more for each node.");
        Assert.Equal("Parallel", nodes.Spec.PodManagementPolicy);
        Assert.Null(nodes.Spec.Replicas);
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Ports_and_probes_are_where_the_host_answers(string name)
    {
        var overlay = Overlay.Render(name);
        var node = Read(overlay);
        var container = overlay.NodeContainer;

        Assert.Equal(Port(overlay, "http"), node.Http.Port);
        Assert.All(
            [container.StartupProbe, container.LivenessProbe],
            probe => Assert.Equal((PulseApplication.LivePath, "http"), (probe.HttpGet.Path, (string)probe.HttpGet.Port)));
        Assert.Equal(
            (PulseApplication.ReadyPath, "http"),
            (container.ReadinessProbe.HttpGet.Path, (string)container.ReadinessProbe.HttpGet.Port));
        Assert.Equal(["run"], container.Args);
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void A_pod_has_more_time_to_end_than_the_host_takes(string name)
    {
        var overlay = Overlay.Render(name);

        var before = overlay.NodeContainer.Lifecycle.PreStop.Sleep.Seconds;
        Assert.True(before > 0);
        Assert.True(
            overlay.NodePod.TerminationGracePeriodSeconds > before + PulseApplication.ShutdownTimeout.TotalSeconds,
            "terminationGracePeriodSeconds must be above preStop and the host's shutdown time-out.");
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Every_service_leads_to_a_port_of_pods_that_are_there(string name)
    {
        var overlay = Overlay.Render(name);

        foreach (var service in overlay.OfType<V1Service>())
        {
            var pod = Assert.Single(overlay.Pods, each => Selects(service.Spec.Selector, each.Template)).Template.Spec;
            Assert.All(service.Spec.Ports, port => Assert.Contains(
                pod.Containers.Single().Ports, each => each.Name == port.TargetPort && each.ContainerPort == port.Port));
        }
    }

    [Fact]
    public void In_the_local_overlay_Kafka_and_Postgres_are_services_and_the_simulator_speaks_to_the_same_broker()
    {
        var overlay = Overlay.Render("local");
        var node = Read(overlay);

        var kafka = node.Settings.Kafka.BootstrapServers.Split(':');
        Assert.Equal(kafka[1], Assert.Single(overlay.Get<V1Service>(kafka[0]).Spec.Ports).Port.ToString());
        var advertised = overlay.Get<V1StatefulSet>("kafka").Spec.Template.Spec.Containers.Single().Env
            .Single(each => each.Name == "KAFKA_ADVERTISED_LISTENERS").Value;
        Assert.Equal($"PLAINTEXT://{node.Settings.Kafka.BootstrapServers}", advertised);
        var storage = new Npgsql.NpgsqlConnectionStringBuilder(node.Settings.Storage.ConnectionString);
        Assert.Equal(storage.Port, Assert.Single(overlay.Get<V1Service>(storage.Host!).Spec.Ports).Port);
        var postgres = overlay.Environment(
            overlay.Get<V1StatefulSet>("postgres").Spec.Template.Spec.Containers.Single(), SecretsOfGke);
        Assert.Equal(
            (storage.Username, storage.Password, storage.Database),
            (postgres["POSTGRES_USER"], postgres["POSTGRES_PASSWORD"], postgres["POSTGRES_DB"]));
        var simulator = overlay.Get<V1Job>("simulator").Spec.Template.Spec.Containers.Single();
        var options = Simulation.Parse(simulator.Args);
        Assert.Equal(node.Settings.Kafka.BootstrapServers, options.BootstrapServers);
        Assert.Equal(node.Settings.Kafka.Topic, options.Topic);
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Secrets_are_referred_to_and_never_written_down(string name)
    {
        var overlay = Overlay.Render(name);
        var written = overlay.Pods.SelectMany(pod => pod.Template.Spec.Containers)
            .SelectMany(each => each.Env ?? []).Where(each => each.Value is not null).Select(each => (each.Name, each.Value))
            .Concat(overlay.OfType<V1ConfigMap>().SelectMany(map => map.Data.Select(each => (Name: each.Key, each.Value))));

        Assert.All(written, each =>
        {
            Assert.DoesNotMatch("(?i)password|secret|apikey|connectionstring|username", each.Name);
            Assert.DoesNotMatch("(?i)password=", each.Value);
        });
        if (name == "local")
            return;

        Assert.Empty(overlay.OfType<V1Secret>());
        var guide = Repository.Read("docs/operations.md");
        Assert.All(
            overlay.NodeContainer.Env.Select(each => each.ValueFrom?.SecretKeyRef).OfType<V1SecretKeySelector>(),
            each => Assert.Contains($"--from-literal={each.Key}=", guide, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void No_pod_may_do_more_than_it_must(string name)
    {
        var overlay = Overlay.Render(name);

        foreach (var (who, template) in overlay.Pods)
        {
            var pod = template.Spec;
            var container = Assert.Single(pod.Containers);
            Assert.True(pod.SecurityContext.RunAsNonRoot, who);
            Assert.True(pod.SecurityContext.RunAsUser > 0, who);
            Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
            Assert.False(pod.AutomountServiceAccountToken, who);
            Assert.False(pod.EnableServiceLinks, who);
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation, who);
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.Equal(who != "kafka", container.SecurityContext.ReadOnlyRootFilesystem ?? false);
            Assert.NotEmpty(container.Resources.Requests);
            Assert.Contains("memory", container.Resources.Limits.Keys);
        }

        Assert.All(overlay.OfType<V1ServiceAccount>(), each => Assert.False(each.AutomountServiceAccountToken));
        Assert.Equal("restricted", overlay.OfType<V1Namespace>().Single().Labels()["pod-security.kubernetes.io/enforce"]);
        overlay.Get<V1ServiceAccount>(overlay.NodePod.ServiceAccountName);
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void What_is_mounted_is_there_and_a_node_can_write_where_it_writes(string name)
    {
        var overlay = Overlay.Render(name);

        foreach (var set in overlay.OfType<V1StatefulSet>())
        {
            var pod = set.Spec.Template.Spec;
            var volumes = (pod.Volumes ?? []).Select(each => each.Name)
                .Concat((set.Spec.VolumeClaimTemplates ?? []).Select(each => each.Name())).ToList();
            Assert.All(pod.Containers.Single().VolumeMounts, mount => Assert.Contains(mount.Name, volumes));
            Assert.All(
                (pod.Volumes ?? []).Select(each => each.PersistentVolumeClaim).OfType<V1PersistentVolumeClaimVolumeSource>(),
                claim => overlay.Get<V1PersistentVolumeClaim>(claim.ClaimName));
        }

        var writable = overlay.NodeContainer.VolumeMounts.Where(each => each.ReadOnlyProperty is not true)
            .Select(each => each.MountPath);
        Assert.Contains(Read(overlay).DataDirectory, writable);
        Assert.Contains("/tmp", writable);
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Everything_that_is_about_the_nodes_selects_them(string name)
    {
        var overlay = Overlay.Render(name);
        var nodes = overlay.Nodes.Spec;
        IDictionary<string, string>[] selectors =
        [
            nodes.Selector.MatchLabels,
            overlay.Get<V1PodDisruptionBudget>("pulse").Spec.Selector.MatchLabels,
            overlay.Get<V1NetworkPolicy>("pulse").Spec.PodSelector.MatchLabels,
            .. nodes.Template.Spec.TopologySpreadConstraints.Select(each => each.LabelSelector.MatchLabels),
        ];

        Assert.Equal(2, nodes.Template.Spec.TopologySpreadConstraints.Count);
        Assert.All(selectors, selector =>
        {
            Assert.True(Selects(selector, nodes.Template));
            Assert.Single(overlay.Pods, pod => Selects(selector, pod.Template));
        });
        Assert.Equal("1", overlay.Get<V1PodDisruptionBudget>("pulse").Spec.MaxUnavailable);
        var target = overlay.Get<V2HorizontalPodAutoscaler>("pulse").Spec.ScaleTargetRef;
        Assert.Equal((overlay.Nodes.ApiVersion, overlay.Nodes.Kind, overlay.Nodes.Name()), (target.ApiVersion, target.Kind, target.Name));
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Only_nodes_reach_the_remoting_port_and_only_who_needs_them_the_servers(string name)
    {
        var overlay = Overlay.Render(name);
        var allowed = overlay.OfType<V1NetworkPolicy>().SelectMany(policy =>
        {
            Assert.Equal(["Ingress"], policy.Spec.PolicyTypes);
            var pod = Assert.Single(overlay.Pods, each => Selects(policy.Spec.PodSelector.MatchLabels, each.Template));
            return policy.Spec.Ingress.SelectMany(rule => rule.Ports.Select(port =>
            {
                Assert.Contains(pod.Template.Spec.Containers.Single().Ports, each => each.Name == port.Port);
                var from = rule.FromProperty?.Select(peer =>
                {
                    Assert.Null(peer.NamespaceSelector);
                    return Assert.Single(overlay.Pods, each => Selects(peer.PodSelector.MatchLabels, each.Template)).Name;
                });
                return $"{(from is null ? "anybody" : string.Join('+', from))} -> {pod.Name}:{(string)port.Port}";
            }));
        });

        string[] servers = name == "local" ? ["pulse+simulator -> kafka:kafka", "pulse -> postgres:postgres"] : [];
        Assert.Equivalent(
            new[] { "pulse -> pulse:remoting", "anybody -> pulse:http" }.Concat(servers), allowed.ToList(), strict: true);
    }

    [Fact]
    public void The_gke_overlay_runs_the_version_that_is_built_here_and_has_an_identity_for_BigQuery()
    {
        var overlay = Overlay.Render("gke");

        var version = typeof(PulseApplication).Assembly.GetName().Version!.ToString(3);
        Assert.EndsWith($"/pulse-host:{version}", overlay.NodeContainer.Image, StringComparison.Ordinal);
        Assert.Contains("iam.gke.io/gcp-service-account", overlay.Get<V1ServiceAccount>("pulse").Annotations().Keys);
        Assert.Same(Warehouse.BigQuery.BigQueryCredentials.ApplicationDefault, Read(overlay).Warehouse.BigQuery!.Credentials);
    }

    private static NodeConfiguration Read(Overlay overlay) =>
        Settings.Read(overlay.Environment(overlay.NodeContainer, SecretsOfGke));

    private static int Port(Overlay overlay, string name) =>
        Assert.Single(overlay.NodeContainer.Ports, each => each.Name == name).ContainerPort;

    private static bool Selects(IDictionary<string, string> selector, V1PodTemplateSpec template) =>
        selector.Count > 0 && selector.All(each =>
            template.Metadata.Labels.TryGetValue(each.Key, out var value) && value == each.Value);
}
