using System.Security.Cryptography;
using System.Text;
using Confluent.Kafka.Admin;
using Pulse.Actors.Broker;
using Pulse.Simulator;
using Pulse.Simulator.Producing;
using Pulse.Testing;
using Pulse.Testing.Kafka;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>
/// A broker with a listener for each way to connect, which refuses whoever has no right, and a complete stream on it. The listener in
/// clear text lets everybody do everything: that is the tests' own way in.
/// </summary>
public sealed class SecuredKafka : IAsyncLifetime
{
    /// <summary>The user of PLAIN, SCRAM and OAUTHBEARER who may do everything.</summary>
    public const string User = "pulse";

    /// <summary>That user's password.</summary>
    public const string Password = "pulse-secret";

    /// <summary>What the broker calls itself at the listener <c>UNKNOWN</c>, where no name resolves.</summary>
    public const string UnknownAddress = $"{UnknownName}:9092";

    /// <summary>How many records the stream has, some of them bad.</summary>
    public const int Events = 600;

    // A label of 64 letters is no name: that needs no answer of a name server, which comes late or never on a busy machine.
    private const string UnknownName = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk.invalid";

    private const string Jaas = "org.apache.kafka.common.security";

    private readonly Lazy<Task> _started;
    private readonly TestAuthority _authority = new("authority of the brokers");
    private readonly TestAuthority _foreign = new("foreign authority");
    private readonly NobodysPort _unheard = new();
    private readonly TestDirectory _files = new();
    private KafkaCluster? _cluster;

    /// <summary>Makes the fixture.</summary>
    public SecuredKafka() => _started = new Lazy<Task>(BeginAsync);

    /// <summary>The stream, at the listener in clear text.</summary>
    public KafkaSettings Stream { get; private set; } = null!;

    /// <summary>What the broker calls itself at the listener <c>UNHEARD</c>, where nobody listens.</summary>
    public string UnheardAddress => _unheard.Address;

    /// <summary>Starts nothing: a test that can't have a broker is skipped, and a fixture can't be.</summary>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Starts the broker and produces the stream, once.</summary>
    public Task StartAsync() => _started.Value;

    /// <summary>The environment of a node that reads the stream by one of the listeners, in a group of its own.</summary>
    public Dictionary<string, string> Environment(string listener, params (string Name, string Value)[] client)
    {
        var environment = KafkaFixture.Environment(Stream with
        {
            BootstrapServers = listener == "CLIENTS" ? Stream.BootstrapServers : _cluster!.Brokers[0].AddressOf(listener),
            GroupId = $"group-{Guid.NewGuid():N}",
        });
        foreach (var (name, value) in client)
            environment[$"Pulse__Kafka__Client__{name}"] = value;
        return environment;
    }

    /// <summary>A file: <c>ca.pem</c>, <c>client.pem</c>, <c>client.key</c>, the same as <c>expired-</c> and <c>foreign-</c>.</summary>
    public string File(string name) => _files[name];

    /// <summary>Gives a user of SCRAM a password.</summary>
    public async Task PasswordAsync(string user, string password)
    {
        using var administration = KafkaFixture.Administration(_cluster!.BootstrapServers);
        foreach (var mechanism in new[] { ScramMechanism.ScramSha256, ScramMechanism.ScramSha512 })
        {
            var upsertion = new UserScramCredentialUpsertion
            {
                User = user,
                ScramCredentialInfo = new ScramCredentialInfo { Mechanism = mechanism, Iterations = 4_096 },
                Password = Encoding.UTF8.GetBytes(password),
                Salt = RandomNumberGenerator.GetBytes(16),
            };
            try
            {
                await administration.AlterUserScramCredentialsAsync([upsertion]);
            }
            catch (AlterUserScramCredentialsException exception)
            {
                Assert.Fail($"The broker takes no password of '{user}': {string.Join("; ", exception.Results.Select(each => each.Error.Reason))}");
            }
        }
    }

    /// <summary>Gives a user rights.</summary>
    public async Task AllowAsync(string user, params (ResourceType Type, string Name, AclOperation Operation)[] rights)
    {
        using var administration = KafkaFixture.Administration(_cluster!.BootstrapServers);
        await administration.CreateAclsAsync(rights.Select(right => new AclBinding
        {
            Pattern = new ResourcePattern { Type = right.Type, Name = right.Name, ResourcePatternType = ResourcePatternType.Literal },
            Entry = new AccessControlEntry
            {
                Principal = $"User:{user}", Host = "*", Operation = right.Operation, PermissionType = AclPermissionType.Allow,
            },
        }));
    }

    /// <summary>Takes a right away again.</summary>
    public async Task RefuseAsync(string user, ResourceType type, string name, AclOperation operation)
    {
        using var administration = KafkaFixture.Administration(_cluster!.BootstrapServers);
        await administration.DeleteAclsAsync(
        [
            new AclBindingFilter
            {
                PatternFilter = new ResourcePatternFilter { Type = type, Name = name, ResourcePatternType = ResourcePatternType.Literal },
                EntryFilter = new AccessControlEntryFilter
                {
                    Principal = $"User:{user}", Host = "*", Operation = operation, PermissionType = AclPermissionType.Allow,
                },
            },
        ]);
    }

    /// <summary>Ends the broker.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        _unheard.Dispose();
        _authority.Dispose();
        _foreign.Dispose();
        _files.Dispose();
    }

    private async Task BeginAsync()
    {
        WriteCertificates();
        _cluster = await KafkaFixture.StartClusterAsync(
            brokers: 1,
            behindRelays: false,
            [
                new("SASL", "SASL_PLAINTEXT"), new("TLS", "SSL"), new("SASLTLS", "SASL_SSL"), new("SERVERTLS", "SSL"), new("EXPIRED", "SSL"),
                new("UNKNOWN", "PLAINTEXT", UnknownAddress), new("UNHEARD", "PLAINTEXT", _unheard.Address),
            ],
            Settings());
        await PasswordAsync(User, Password);
        Stream = await KafkaFixture.CreateStreamAsync(_cluster.BootstrapServers, partitions: 4);
        var produced = await new SimulatorRun(new SimulatorOptions
        {
            BootstrapServers = Stream.BootstrapServers, Topic = Stream.Topic, CompletionTopic = Stream.CompletionTopic,
            Events = Events, Rate = 10_000, Seed = 7, Bad = 0.05,
        }).RunAsync(CancellationToken.None);
        Assert.Null(produced.Failure);
    }

    private string[] Settings() =>
    [
        .. new[] { "sasl", "sasltls" }.SelectMany(listener => new[]
        {
            // One of them takes less, so that there is a wrong mechanism.
            $"listener.name.{listener}.sasl.enabled.mechanisms={(listener == "sasl" ? "PLAIN,SCRAM-SHA-256,OAUTHBEARER" : "SCRAM-SHA-512")}",
            $"listener.name.{listener}.plain.sasl.jaas.config={Jaas}.plain.PlainLoginModule required user_{User}=\"{Password}\";",
            $"listener.name.{listener}.scram-sha-256.sasl.jaas.config={Jaas}.scram.ScramLoginModule required;",
            $"listener.name.{listener}.scram-sha-512.sasl.jaas.config={Jaas}.scram.ScramLoginModule required;",
            $"listener.name.{listener}.oauthbearer.sasl.jaas.config={Jaas}.oauthbearer.OAuthBearerLoginModule required "
                + "unsecuredLoginStringClaim_sub=\"broker\";",
        }),
        "ssl.keystore.type=PEM",
        $"ssl.keystore.location={File("broker.pem")}",
        "ssl.truststore.type=PEM",
        $"ssl.truststore.location={File("ca.pem")}",
        "listener.name.tls.ssl.client.auth=required",
        "listener.name.expired.ssl.keystore.type=PEM",
        $"listener.name.expired.ssl.keystore.location={File("expired-broker.pem")}",
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        $"super.users=User:ANONYMOUS;User:{User};User:CN=node",
    ];

    private void WriteCertificates()
    {
        Write("ca.pem", _authority.Pem);
        Write("foreign-ca.pem", _foreign.Pem);
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-20), DateTimeOffset.UtcNow.AddDays(-10));
        WritePair("client", _authority.Issue());
        WritePair("expired-client", _authority.Issue(from, to));
        WritePair("foreign-client", _foreign.Issue());
        foreach (var (name, issued) in new[] { ("broker.pem", _authority.Issue()), ("expired-broker.pem", _authority.Issue(from, to)) })
            Write(name, $"{issued.Key}\n{issued.Certificate}\n{_authority.Pem}\n");
    }

    private void WritePair(string name, (string Certificate, string Key) issued)
    {
        Write($"{name}.pem", issued.Certificate);
        Write($"{name}.key", issued.Key);
    }

    private void Write(string name, string content) => System.IO.File.WriteAllText(_files[name], content);
}
