using System.Security.Cryptography.X509Certificates;
using Akka.Cluster;
using Akka.Remote;
using Pulse.Actors.Hosting;
using Pulse.Actors.Storage;
using Pulse.Actors.Tests.Export;
using Pulse.Actors.Tests.Storage;
using Pulse.Events;
using Pulse.Testing;
using Pulse.Testing.Kafka;
using ClusterSettings = Pulse.Actors.Hosting.ClusterSettings;

namespace Pulse.Actors.Tests.Hosting;

/// <summary>Whole nodes with and without certificates, over real remoting.</summary>
public sealed class ClusterTlsTests(KafkaFixture kafka, PostgresFixture postgres) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly TestAuthority _ours = new("ours");
    private readonly TestAuthority _theirs = new("theirs");

    [Fact]
    public async Task Only_nodes_with_certificates_of_the_cluster_s_authority_get_in()
    {
        await using var storage = await TestStorage.CreateAsync(StorageKind.Postgres, postgres);
        var settings = new PulseSettings(await kafka.CreateStreamAsync(1), storage.Options, RollupCatalog.Default);
        await using var first = await StartAsync(settings, TlsOf(_ours), []);

        // One who trusts the cluster but is not trusted; one who trusts nobody else; one without any certificate.
        await using var stranger = await StartAsync(
            settings, new ClusterTls(TlsOf(_theirs).Certificate, Authority(_ours)), [first.Address]);
        await using var sceptic = await StartAsync(settings, TlsOf(_theirs), [first.Address]);
        await using var open = await StartAsync(
            settings, null, [first.Address.Replace("akka.ssl.tcp", "akka.tcp", StringComparison.Ordinal)]);
        await RefusedAsync(stranger);
        await RefusedAsync(sceptic);
        await RefusedAsync(open);

        await using var second = await StartAsync(settings, TlsOf(_ours), [first.Address]);
        await Until.TrueAsync(() => Cluster.Get(second.System).SelfMember.Status == MemberStatus.Up);
        await Until.TrueAsync(() => Cluster.Get(first.System).State.Members.Count == 2);
        Assert.Equal(
            new[] { first.Address, second.Address }.Order(),
            Cluster.Get(first.System).State.Members.Select(member => member.Address.ToString()).Order());
        foreach (var outsider in new[] { stranger, sceptic, open })
            Assert.NotEqual(MemberStatus.Up, Cluster.Get(outsider.System).SelfMember.Status);
    }

    [Fact]
    public void A_certificate_that_has_expired_meanwhile_is_no_certificate()
    {
        var tls = TlsOf(_ours);
        var now = DateTimeOffset.UtcNow;
        using var expired = X509Certificate2.CreateFromPem(_ours.Issue(now.AddDays(-2), now.AddDays(-1)).Certificate);
        using var foreign = X509Certificate2.CreateFromPem(_theirs.Issue().Certificate);

        Assert.Null(tls.Objection(tls.Certificate, []));
        Assert.NotNull(tls.Objection(expired, []));
        Assert.NotNull(tls.Objection(foreign, [X509Certificate2.CreateFromPem(_theirs.Pem)]));
    }

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
    }

    private static Task<PulseNode> StartAsync(PulseSettings settings, ClusterTls? tls, string[] seeds) => PulseNode.StartAsync(
        settings with { Cluster = new ClusterSettings { Tls = tls, SeedNodes = [.. seeds] } }, new RecordingWarehouse());

    // Its calls fail, or it was ended because they did.
    private static async Task RefusedAsync(PulseNode node)
    {
        try
        {
            var failed = node.NextAsync<AssociationErrorEvent>();
            await Task.WhenAny(failed, node.System.WhenTerminated).WaitAsync(Limit);
        }
        catch (InvalidOperationException)
        {
            // It is ending already, and takes no listener any more.
            await node.System.WhenTerminated.WaitAsync(Limit);
        }
    }

    private static ClusterTls TlsOf(TestAuthority authority)
    {
        var (certificate, key) = authority.Issue();
        return new ClusterTls(X509Certificate2.CreateFromPem(certificate, key), Authority(authority));
    }

    private static X509Certificate2Collection Authority(TestAuthority authority) => [X509Certificate2.CreateFromPem(authority.Pem)];
}
