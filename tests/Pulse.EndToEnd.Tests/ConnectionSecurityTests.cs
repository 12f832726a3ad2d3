using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pulse.Actors.Broker;
using Pulse.Actors.Coordination;
using Pulse.EndToEnd.Tests.Support;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests;

/// <summary>Each way to connect to a secured broker, and each way in which that fails: one line, in time, with the exit code.</summary>
public sealed class ConnectionSecurityTests(SecuredKafka kafka) : IClassFixture<SecuredKafka>, IDisposable
{
    private const int WrongSetting = 2;
    private static readonly TimeSpan RunLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongerThanIdle = TimeSpan.FromSeconds(2);

    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("SASL", "PLAIN")]
    [InlineData("SASL", "SCRAM-SHA-256")]
    [InlineData("SASLTLS", "SCRAM-SHA-512")]
    [InlineData("SASL", "OAUTHBEARER")]
    [InlineData("TLS", "mutual TLS")]
    public async Task A_node_counts_by_each_mechanism(string listener, string mechanism)
    {
        await kafka.StartAsync();
        (string, string)[] client = mechanism switch
        {
            "OAUTHBEARER" =>
            [
                ("security.protocol", "sasl_plaintext"), ("sasl.mechanism", mechanism), ("enable.sasl.oauthbearer.unsecure.jwt", "true"),
                ("sasl.oauthbearer.config", $"principal={SecuredKafka.User}"),
            ],
            "mutual TLS" => Tls("client"),
            _ => Sasl(listener == "SASLTLS" ? "sasl_ssl" : "sasl_plaintext", mechanism),
        };
        await CountsAsync(kafka.Environment(listener, client));
    }

    [Fact]
    public async Task A_node_counts_by_TLS_with_an_authority_of_ones_own()
    {
        await kafka.StartAsync();
        // The listener asks no client for a certificate, so the user is the anonymous one.
        await CountsAsync(kafka.Environment("SERVERTLS", ("security.protocol", "ssl"), ("ssl.ca.location", kafka.File("ca.pem"))));
    }

    [Fact]
    public async Task A_node_counts_with_tokens_of_an_OIDC_provider()
    {
        await kafka.StartAsync();
        using var provider = new TokenProvider(SecuredKafka.User);
        await CountsAsync(kafka.Environment(
            "SASL", ("security.protocol", "sasl_plaintext"), ("sasl.mechanism", "OAUTHBEARER"), ("sasl.oauthbearer.method", "oidc"),
            ("sasl.oauthbearer.token.endpoint.url", provider.Endpoint), ("sasl.oauthbearer.client.id", "pulse"),
            ("sasl.oauthbearer.client.secret", "sesame"), ("sasl.oauthbearer.scope", "kafka")));
        Assert.True(provider.Issued > 0);
    }

    [Fact]
    public async Task The_rights_in_the_documentation_are_enough()
    {
        await kafka.StartAsync();
        await kafka.PasswordAsync("counter", "sesame");
        var environment = kafka.Environment("SASL", Sasl("sasl_plaintext", "SCRAM-SHA-256", "counter"));
        await kafka.AllowAsync("counter", [.. Rights(environment)]);

        await using var host = PulseProcess.Host(
            _directory, environment, "run", "--port", "0", "--data", "data", "--exit-on-complete");

        Assert.Equal(0, await host.ExitAsync(RunLimit));
        await AssertExactAsync(host, ResultTables.OfSqlite(_directory["data"]));
    }

    [Theory]
    [InlineData("a wrong password of PLAIN", "SASL authentication error", "Pulse:Kafka:Client:sasl.password")]
    [InlineData("a wrong password of SCRAM", "SASL authentication error", "Pulse:Kafka:Client:sasl.password")]
    [InlineData("a wrong mechanism", "supported mechanisms: SCRAM-SHA-512", "Pulse:Kafka:Client:sasl.mechanism (PLAIN)")]
    [InlineData("SASL at a port without", "SASL PLAIN mechanism handshake failed", "Pulse:Kafka:Client:security.protocol (sasl_plaintext)")]
    [InlineData("TLS at a plain port", "PLAINTEXT broker listener", "Pulse:Kafka:Client:security.protocol (ssl)")]
    [InlineData("clear text at a port of TLS", "closed by peer", "Pulse:Kafka:Client:security.protocol (plaintext)")]
    [InlineData("clear text at a port of SASL", "closed by peer", "Pulse:Kafka:Client:security.protocol (plaintext)")]
    [InlineData("an authority that is not known", "certificate verify failed", "issued by CN=authority of the brokers) is valid until")]
    [InlineData("an expired certificate of the broker", "certificate verify failed", "issued by CN=authority of the brokers) expired at")]
    [InlineData("no certificate of its own", "SSL alert number", "give one in Pulse:Kafka:Client:ssl.certificate.location")]
    [InlineData("an expired certificate of its own", "SSL alert number", "The client's certificate (CN=node, issued by CN=authority of the brokers) expired at")]
    [InlineData("a certificate of a foreign authority", "SSL alert number", "issued by CN=foreign authority) is valid until")]
    [InlineData("a name that does not resolve", $"Failed to resolve '{SecuredKafka.UnknownAddress}'", "advertised.listeners")]
    [InlineData("an address where nobody listens", "Connection refused", "advertised.listeners")]
    public async Task A_refusal_is_one_line_with_the_reason_and_the_setting(string what, string reason, string advice)
    {
        await kafka.StartAsync();
        var line = await RefusesAsync(["run", "--port", "0", "--data", "data"], Refused(what));
        Assert.Contains(reason, line, StringComparison.Ordinal);
        Assert.Contains(advice, line, StringComparison.Ordinal);
        if (what == "an address where nobody listens")
            Assert.Contains(kafka.UnheardAddress, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Topic", "events")]
    [InlineData("DeadLetterTopic", "dead-letters")]
    [InlineData("GroupId", "group")]
    public async Task A_right_that_is_lacking_is_named_with_the_setting(string setting, string name)
    {
        await kafka.StartAsync();
        var user = $"without-{name}";
        await kafka.PasswordAsync(user, "sesame");
        var environment = kafka.Environment("SASL", Sasl("sasl_plaintext", "SCRAM-SHA-256", user));
        var refused = environment[$"Pulse__Kafka__{setting}"];
        await kafka.AllowAsync(user, [.. Rights(environment).Where(right => right.Name != refused)]);

        var line = await RefusesAsync(["run", "--port", "0", "--data", "data"], environment);

        Assert.Contains($"'{refused}'", line, StringComparison.Ordinal);
        Assert.Contains("authorization failed", line, StringComparison.Ordinal);
        Assert.Contains($"user '{user}' (Pulse:Kafka:Client:sasl.username)", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topic_that_may_be_described_but_not_read_is_named()
    {
        await kafka.StartAsync();
        await kafka.PasswordAsync("onlooker", "sesame");
        var environment = kafka.Environment("SASL", Sasl("sasl_plaintext", "SCRAM-SHA-256", "onlooker"));
        await kafka.AllowAsync("onlooker",
        [
            .. Rights(environment).Where(right => right.Name != kafka.Stream.Topic),
            (ResourceType.Topic, kafka.Stream.Topic, AclOperation.Describe),
        ]);

        var line = await RefusesAsync(["run", "--port", "0", "--data", "data"], environment);

        Assert.Contains($"Read on topic '{kafka.Stream.Topic}' (Pulse:Kafka:Topic)", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_right_that_is_taken_away_from_a_running_node_is_named_until_it_is_given_back()
    {
        await kafka.StartAsync();
        await kafka.PasswordAsync("loser", "sesame");
        var environment = kafka.Environment("SASL", Sasl("sasl_plaintext", "SCRAM-SHA-256", "loser"));
        var topic = environment["Pulse__Kafka__Topic"];
        await kafka.AllowAsync("loser", [.. Rights(environment), (ResourceType.Topic, topic, AclOperation.Describe)]);
        await using var host = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data");
        await GoesOnAsync();

        await kafka.RefuseAsync("loser", ResourceType.Topic, topic, AclOperation.Read);

        await Eventually.HoldsAsync("the node says so", RunLimit, async () => (await host.StatusAsync()).Partitions.All(partition =>
            partition.Standing is { } why
            && why.StartsWith("It can't be read: ", StringComparison.Ordinal)
            && why.Contains("Topic authorization failed", StringComparison.Ordinal)
            && why.EndsWith("Give the node's user the right to read the topic (Pulse:Kafka:Topic).", StringComparison.Ordinal)));
        await host.LineAsync("It can't be read: ", RunLimit);
        await kafka.AllowAsync("loser", (ResourceType.Topic, topic, AclOperation.Read));
        await GoesOnAsync();
        host.AssertNoStackTrace();

        Task GoesOnAsync() => Eventually.HoldsAsync("all is counted, and nothing stands still", RunLimit, async () =>
            await host.HealthAsync("ready") == System.Net.HttpStatusCode.OK
            && (await host.StatusAsync()).Partitions is { Count: > 0 } partitions
            && partitions.All(partition => partition is { Standing: null, Lag: 0, Position: not null }));
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("rebuild")]
    public async Task A_command_says_the_same(string command)
    {
        await kafka.StartAsync();
        // They ask for a database before they ask Kafka; what is in it does not matter.
        Directory.CreateDirectory(_directory["data"]);
        await File.WriteAllBytesAsync(_directory["data/pulse.db"], []);
        string[] arguments = command == "rebuild" ? ["rebuild", "--rollup", "viewsByDeviceGenre", "--yes"] : [command];
        var line = await RefusesAsync([.. arguments, "--data", "data"], Refused("a wrong password of PLAIN"));
        Assert.Contains("Pulse:Kafka:Client:sasl.password", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_that_is_changed_under_a_client_is_its_problem_until_it_is_right_again()
    {
        await kafka.StartAsync();
        await kafka.PasswordAsync("changing", "sesame");
        var client = Sasl("sasl_plaintext", "SCRAM-SHA-256", "changing").ToDictionary(each => each.Item1, each => each.Item2);
        var servers = kafka.Environment("SASL")["Pulse__Kafka__BootstrapServers"];
        var diagnosis = new ConnectionDiagnosis(servers, client);
        // A broker asks for a password when a connection is made; idle ones are closed after a moment here, and made again when needed.
        var properties = new AdminClientConfig(client)
        {
            BootstrapServers = servers, ConnectionsMaxIdleMs = (int)LongerThanIdle.TotalMilliseconds / 4,
        };
        using var administration = new AdminClientBuilder(properties)
            .SetLogHandler((_, message) => diagnosis.Hear(message)).SetErrorHandler((_, error) => diagnosis.Hear(error)).Build();
        async Task<bool> AnswersAsync()
        {
            try
            {
                await Task.Run(() => administration.GetMetadata(TimeSpan.FromSeconds(1)));
                diagnosis.Answered();
                return true;
            }
            catch (KafkaException)
            {
                return false;
            }
        }

        await Eventually.HoldsAsync("the broker answers", RunLimit, AnswersAsync);
        Assert.Null(diagnosis.Problem);
        await kafka.PasswordAsync("changing", "open");
        await Eventually.HoldsAsync(
            "the broker refuses", RunLimit, async () => !await AnswersAsync() && diagnosis.Problem is not null, LongerThanIdle);
        Assert.Contains("SASL authentication error", diagnosis.Problem, StringComparison.Ordinal);
        Assert.Contains("Pulse:Kafka:Client:sasl.password", diagnosis.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", diagnosis.Problem, StringComparison.Ordinal);

        await kafka.PasswordAsync("changing", "sesame");
        await Eventually.HoldsAsync("the broker answers again", RunLimit, AnswersAsync);
        Assert.Null(diagnosis.Problem);
    }

    public void Dispose() => _directory.Dispose();

    private Dictionary<string, string> Refused(string what) => what switch
    {
        "a wrong password of PLAIN" => kafka.Environment("SASL", Sasl("sasl_plaintext", "PLAIN", password: "sesame")),
        "a wrong password of SCRAM" => kafka.Environment("SASL", Sasl("sasl_plaintext", "SCRAM-SHA-256", password: "sesame")),
        "a wrong mechanism" => kafka.Environment("SASLTLS", Sasl("sasl_ssl", "PLAIN")),
        "SASL at a port without" => kafka.Environment("CLIENTS", Sasl("sasl_plaintext", "PLAIN")),
        "TLS at a plain port" => kafka.Environment("CLIENTS", ("security.protocol", "ssl"), Authority()),
        "clear text at a port of TLS" => kafka.Environment("TLS"),
        "clear text at a port of SASL" => kafka.Environment("SASL"),
        "an authority that is not known" => kafka.Environment(
            "SERVERTLS", ("security.protocol", "ssl"), ("ssl.ca.location", kafka.File("foreign-ca.pem"))),
        "an expired certificate of the broker" => kafka.Environment("EXPIRED", ("security.protocol", "ssl"), Authority()),
        "no certificate of its own" => kafka.Environment("TLS", ("security.protocol", "ssl"), Authority()),
        "an expired certificate of its own" => kafka.Environment("TLS", Tls("expired-client")),
        "a certificate of a foreign authority" => kafka.Environment("TLS", Tls("foreign-client")),
        "a name that does not resolve" => kafka.Environment("UNKNOWN"),
        "an address where nobody listens" => kafka.Environment("UNHEARD"),
        _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
    };

    private (string, string) Authority() => ("ssl.ca.location", kafka.File("ca.pem"));

    private (string, string)[] Tls(string client) =>
    [
        ("security.protocol", "ssl"), Authority(),
        ("ssl.certificate.location", kafka.File($"{client}.pem")), ("ssl.key.location", kafka.File($"{client}.key")),
    ];

    private (string, string)[] Sasl(string protocol, string mechanism, string user = SecuredKafka.User, string? password = null) =>
    [
        ("security.protocol", protocol), ("sasl.mechanism", mechanism), ("sasl.username", user),
        ("sasl.password", password ?? (user == SecuredKafka.User ? SecuredKafka.Password : "sesame")),
        .. protocol == "sasl_ssl" ? [Authority()] : Array.Empty<(string, string)>(),
    ];

    // As docs/kafka.md has them.
    private static IEnumerable<(ResourceType Type, string Name, AclOperation Operation)> Rights(Dictionary<string, string> node) =>
    [
        (ResourceType.Topic, node["Pulse__Kafka__Topic"], AclOperation.Read),
        (ResourceType.Topic, node["Pulse__Kafka__CompletionTopic"], AclOperation.Read),
        (ResourceType.Topic, node["Pulse__Kafka__DeadLetterTopic"], AclOperation.Write),
        (ResourceType.Group, node["Pulse__Kafka__GroupId"], AclOperation.Read),
        (ResourceType.Group, node["Pulse__Kafka__GroupId"] + CompletionListener.GroupSuffix, AclOperation.Read),
    ];

    // A stop in good order and an export take longer than the counting, so one test alone has them.
    private async Task CountsAsync(Dictionary<string, string> environment)
    {
        environment["Pulse__CheckpointInterval"] = "00:00:00.500";
        await using var host = PulseProcess.Host(_directory, environment, "run", "--port", "0", "--data", "data");
        await host.StatusAsync();
        var tables = ResultTables.OfSqlite(_directory["data"]);
        await Eventually.HoldsAsync("all is counted", RunLimit, async () =>
        {
            var (counted, dead) = (await tables.ReadAsync(), (await tables.DeadLettersAsync()).Values.Sum());
            return RollupCounts.Dimensions.Keys.All(rollup => counted.Sum(rollup) + dead >= SecuredKafka.Events);
        });
        await AssertExactAsync(host, tables);
    }

    private async Task AssertExactAsync(PulseProcess host, ResultTables tables)
    {
        Assert.Empty(host.Errors);
        // On a busy machine a node may have to wait for its own file, which is no matter of Kafka.
        Assert.DoesNotContain(host.Output, line =>
            line.Contains(" warn ", StringComparison.Ordinal) && !line.Contains("Storage is away", StringComparison.Ordinal));
        var judge = IndependentReader.Read(kafka.Stream.BootstrapServers, kafka.Stream.Topic);
        Assert.NotEmpty(judge.DeadLetters);
        Assert.Equal(judge.DeadLetters, await tables.DeadLettersAsync());
        RollupCounts.AssertEqual(RollupCounts.Of(judge), await tables.ReadAsync());
    }

    private async Task<string> RefusesAsync(string[] arguments, Dictionary<string, string> environment)
    {
        var elapsed = Stopwatch.StartNew();
        await using var host = PulseProcess.Host(_directory, environment, arguments);
        Assert.Equal(WrongSetting, await host.ExitAsync(RunLimit));
        TestContext.Current.TestOutputHelper?.WriteLine($"{elapsed.Elapsed.TotalSeconds:N1} s");
        var line = Assert.Single(host.Errors);
        Assert.Empty(host.Output);
        Assert.DoesNotContain("sesame", line, StringComparison.Ordinal);
        Assert.DoesNotContain(SecuredKafka.Password, line, StringComparison.Ordinal);
        host.AssertNoStackTrace();
        return line;
    }
}
