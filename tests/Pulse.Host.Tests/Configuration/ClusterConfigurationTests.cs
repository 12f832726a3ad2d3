using Microsoft.Extensions.Configuration;
using Pulse.Actors.Hosting;
using Pulse.Host.Configuration;
using Pulse.Testing;

namespace Pulse.Host.Tests.Configuration;

public sealed class ClusterConfigurationTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pulse-tls-").FullName;
    private readonly TestAuthority _authority = new("ours");

    [Fact]
    public void A_node_has_both_roles_and_no_TLS_unless_it_is_told_otherwise()
    {
        var cluster = Read([]);

        Assert.Equal([NodeRole.Ingest, NodeRole.Bucket], cluster.Roles);
        Assert.Null(cluster.Tls);
    }

    [Fact]
    public void A_node_can_have_one_role()
    {
        var cluster = Read(Member(("Roles:0", "ingest")));

        Assert.Equal([NodeRole.Ingest], cluster.Roles);
    }

    [Theory]
    [InlineData("Roles:0", "buckets", "Pulse:Cluster:Roles names 'buckets'; use ingest and bucket.")]
    [InlineData("Roles:0", "", "Pulse:Cluster:Roles names ''; use ingest and bucket.")]
    [InlineData("Roles", "", "Pulse:Cluster:Roles is empty; name one or both of ingest and bucket")]
    [InlineData("Roles", "ingest", "Pulse:Cluster:Roles is 'ingest', but a list; give Pulse:Cluster:Roles:0")]
    [InlineData("Tls:KeyFile", "k.pem", "Pulse:Cluster:Tls:CertificateFile and Pulse:Cluster:Tls:AuthorityFile must name")]
    public void A_mistake_is_one_line_that_names_the_setting(string setting, string value, string start) =>
        RefusesAll(Member((setting, value)), start);

    [Fact]
    public void A_cluster_of_one_needs_both_roles() =>
        RefusesAll(new() { ["Pulse:Cluster:Roles:0"] = "bucket" }, "Pulse:Cluster:Roles lacks 'ingest'");

    [Fact]
    public void Certificate_key_and_authority_make_TLS()
    {
        var (certificate, key) = _authority.Issue();

        var cluster = Read(Files(certificate, key, _authority.Pem));

        Assert.NotNull(cluster.Tls);
        Assert.True(cluster.Tls.Certificate.HasPrivateKey);
        Assert.Equal(["akka.ssl.tcp://pulse@pulse-0:4053"], cluster.SeedNodes);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        var (certificate, key) = _authority.Issue();
        var settings = Files(certificate, key, _authority.Pem);
        var absent = Path.Combine(_directory, "absent.pem");
        settings["Pulse:Cluster:Tls:AuthorityFile"] = absent;

        RefusesAll(settings, $"Pulse:Cluster:Tls:AuthorityFile is '{absent}', which can't be read");
    }

    [Fact]
    public void Files_with_something_else_in_them_are_named()
    {
        var (certificate, key) = _authority.Issue();

        RefusesAll(
            Files(key, "no key", "nothing"),
            $"Pulse:Cluster:Tls:CertificateFile: '{PathOf("certificate")}' holds no PEM certificate.",
            $"Pulse:Cluster:Tls:AuthorityFile: '{PathOf("authority")}' holds no PEM certificate.");
        RefusesAll(
            Files(certificate, certificate, _authority.Pem),
            $"Pulse:Cluster:Tls:KeyFile: '{PathOf("key")}' holds no PEM private key.");
        RefusesAll(
            Files(certificate, "-----BEGIN ENCRYPTED PRIVATE KEY-----", _authority.Pem),
            $"Pulse:Cluster:Tls:KeyFile: '{PathOf("key")}' is encrypted;");
        RefusesAll(
            Files(certificate, _authority.Issue().Key, _authority.Pem),
            $"Pulse:Cluster:Tls:KeyFile: '{PathOf("key")}' is not the key of the certificate in '{PathOf("certificate")}'.");
    }

    [Fact]
    public void A_certificate_whose_time_is_over_or_has_not_come_is_named()
    {
        var now = DateTimeOffset.UtcNow;
        var (expired, expiredKey) = _authority.Issue(now.AddDays(-2), now.AddDays(-1));
        var (future, futureKey) = _authority.Issue(now.AddDays(1), now.AddDays(2));

        Refuses(
            Files(expired, expiredKey, _authority.Pem),
            $"Pulse:Cluster:Tls:CertificateFile: the certificate in '{PathOf("certificate")}' expired at ");
        Refuses(
            Files(future, futureKey, _authority.Pem),
            $"Pulse:Cluster:Tls:CertificateFile: the certificate in '{PathOf("certificate")}' is valid only from ");
    }

    [Fact]
    public void A_certificate_of_another_authority_is_named()
    {
        using var other = new TestAuthority("theirs");
        var (certificate, key) = other.Issue();

        RefusesAll(
            Files(certificate, key, _authority.Pem),
            $"Pulse:Cluster:Tls:CertificateFile: '{PathOf("certificate")}' was not issued by the authority in");
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static ClusterSettings Read(Dictionary<string, string?> settings) =>
        NodeConfiguration.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()).Settings.Cluster;

    private static Dictionary<string, string?> Member(params (string Name, string Value)[] settings)
    {
        var all = settings.ToDictionary(each => $"Pulse:Cluster:{each.Name}", each => (string?)each.Value);
        all["Pulse:Cluster:Port"] = "4053";
        all["Pulse:Cluster:SeedNodes:0"] = "pulse-0:4053";
        return all;
    }

    private Dictionary<string, string?> Files(string certificate, string key, string authority)
    {
        File.WriteAllText(PathOf("certificate"), certificate);
        File.WriteAllText(PathOf("key"), key);
        File.WriteAllText(PathOf("authority"), authority);
        return Member(
            ("Tls:CertificateFile", PathOf("certificate")),
            ("Tls:KeyFile", PathOf("key")),
            ("Tls:AuthorityFile", PathOf("authority")));
    }

    private string PathOf(string name) => Path.Combine(_directory, $"{name}.pem");

    /// <summary>Expects exactly these lines, in any order.</summary>
    private static void RefusesAll(Dictionary<string, string?> settings, params string[] starts) =>
        Assert.Equal(starts.Length, Refuses(settings, starts));

    private static int Refuses(Dictionary<string, string?> settings, params string[] starts)
    {
        var refused = Assert.Throws<ConfigurationException>(() => Read(settings));
        Assert.All(starts, start =>
            Assert.Contains(refused.Mistakes, line => line.StartsWith(start, StringComparison.Ordinal)));
        return refused.Mistakes.Count;
    }
}
