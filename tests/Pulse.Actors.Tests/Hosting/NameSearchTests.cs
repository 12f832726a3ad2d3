using System.Net;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster;
using Akka.Configuration;
using Pulse.Actors.Hosting;
using Pulse.Actors.Tests.Storage;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Hosting;

/// <summary>Two nodes over real remoting, of which one is named otherwise than it calls itself.</summary>
public sealed class NameSearchTests : IDisposable
{
    private readonly TestAuthority _authority = new("ours");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_node_s_own_name_is_found_and_its_way_by_that_name_stays_open(bool isSecure)
    {
        using var there = Start(isSecure);
        using var here = Start(isSecure);
        var name = Cluster.Get(there).SelfAddress;
        var otherwise = name.WithHost("localhost");
        Assert.True(await NameSearch.AnswersAsync(here, name));

        // Each name has six seconds, which a busy machine may need for a handshake; a node asks again.
        string? found = null;
        await Eventually.HoldsAsync(
            "it is found",
            TimeSpan.FromSeconds(60),
            async () => (found = await new NameSearch(here).FindAsync(otherwise, [IPAddress.Loopback])) is not null);
        Assert.Equal("127.0.0.1", found);
        Assert.Null(await new NameSearch(here).FindAsync(name, [IPAddress.Loopback]));

        Cluster.Get(there).Join(name);
        Cluster.Get(here).Join(name);
        await Until.TrueAsync(() => Cluster.Get(here).SelfMember.Status == MemberStatus.Up);
    }

    public void Dispose() => _authority.Dispose();

    private ActorSystem Start(bool isSecure)
    {
        var remoting = ConfigurationFactory.ParseString(
            $$"""
            akka {
              loglevel = OFF
              stdout-loglevel = OFF
              actor.provider = cluster
              remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0, enable-ssl = {{(isSecure ? "on" : "off")}} }
            }
            """);
        var setup = ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(remoting));
        if (isSecure)
        {
            var (certificate, key) = _authority.Issue();
            setup = setup.WithSetup(new ClusterTls(
                X509Certificate2.CreateFromPem(certificate, key), [X509Certificate2.CreateFromPem(_authority.Pem)]).ToSetup());
        }

        return ActorSystem.Create("pulse", setup);
    }
}
