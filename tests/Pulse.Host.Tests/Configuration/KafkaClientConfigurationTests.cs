using System.Globalization;
using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Pulse.Actors.Broker;
using Pulse.Host.Configuration;
using Pulse.Testing;

namespace Pulse.Host.Tests.Configuration;

/// <summary>The section <c>Pulse:Kafka:Client</c>: what the Kafka client would refuse is refused before there is one.</summary>
public sealed class KafkaClientConfigurationTests : IDisposable
{
    private const string Section = "Pulse:Kafka:Client:";
    private readonly string _directory = Directory.CreateTempSubdirectory("pulse-client-").FullName;
    private readonly TestAuthority _authority = new("authority");

    [Theory]
    [InlineData("sasl.usernme", "sesame", "is no property of the Kafka client; the nearest is sasl.username.")]
    [InlineData("security.protocol", "sals_ssl", "is 'sals_ssl'; use plaintext, ssl, sasl_plaintext, sasl_ssl.")]
    [InlineData("socket.timeout.ms", "5", "is '5'; use 10 to 300000.")]
    // librdkafka itself would take it for 12.
    [InlineData("socket.timeout.ms", "12 s", "is '12 s'; use 10 to 300000.")]
    [InlineData("ssl.ca.location", "/nowhere/ca.pem", "is '/nowhere/ca.pem', where no file is.")]
    [InlineData("security:protocol", "ssl", "is a section; write a property's whole name")]
    [InlineData("error_cb", "x", "is no property of the Kafka client;")]
    [InlineData("dotnet.producer.enable.delivery.reports", "false", "is no property of the Kafka client;")]
    public void A_mistake_is_one_line_that_names_the_property(string property, string value, string line)
    {
        var mistake = Assert.Single(Mistakes((property, value)));
        Assert.StartsWith($"{Section}{property.Split(':')[0]} {line}", mistake, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", mistake, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bootstrap.servers", "Pulse:Kafka:BootstrapServers")]
    [InlineData("metadata.broker.list", "Pulse:Kafka:BootstrapServers")]
    [InlineData("group.id", "Pulse:Kafka:GroupId")]
    [InlineData("allow.auto.create.topics", "Pulse:Kafka:CreateTopics")]
    [InlineData("isolation.level", "counts would not follow from the log")]
    [InlineData("enable.auto.commit", "counts would not follow from the log")]
    [InlineData("acks", "dead letters could get lost")]
    public void What_Pulse_sets_is_refused_with_the_reason(string property, string reason)
    {
        var mistake = Assert.Single(Mistakes((property, "1")));
        Assert.StartsWith($"{Section}{property} can't be set: ", mistake, StringComparison.Ordinal);
        Assert.Contains(reason, mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_Pulse_sets_is_refused_or_a_users_own_value_counts()
    {
        var settings = new KafkaSettings("kafka:9092");
        var set = settings.ConsumerConfig().Concat(settings.ProducerConfig()).Select(property => property.Key).Distinct()
            .Where(name => !name.StartsWith("dotnet.", StringComparison.Ordinal)).ToList();
        Assert.InRange(set.Count, 10, 50);

        foreach (var name in set)
        {
            var range = ClientProperties.Find(name)!.Range;
            var least = range.Split(" .. ")[0];
            var value = range.Length == 0
                ? "own"
                : range.Contains(" .. ", StringComparison.Ordinal)
                    ? Math.Max(7, long.Parse(least, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture)
                    : range.Split(", ")[0];
            var mistakes = Mistakes((name, value));
            if (mistakes is [var only] && only.Contains("can't be set", StringComparison.Ordinal))
                continue;
            Assert.Empty(mistakes);
            var own = settings with { Client = settings.Client.Add(name, value) };
            Assert.Equal(value, own.ConsumerConfig().Concat(own.ProducerConfig()).Last(property => property.Key == name).Value);
        }
    }

    [Fact]
    public void Committed_records_alone_are_read()
    {
        var config = new KafkaSettings("kafka:9092").ConsumerConfig();
        Assert.Equal(IsolationLevel.ReadCommitted, config.IsolationLevel);
    }

    [Theory]
    [InlineData("linger.ms", "20")]
    [InlineData("compression.type", "zstd")]
    [InlineData("compression.codec", "zstd")]
    [InlineData("fetch.min.bytes", "1")]
    [InlineData("max.partition.fetch.bytes", "2000000")]
    [InlineData("message.max.bytes", "2000000")]
    [InlineData("client.rack", "europe-west3-a")]
    [InlineData("client.id", "pulse-7")]
    public void A_property_of_the_consumer_or_of_the_producer_alone_is_taken(string property, string value) =>
        Assert.Empty(Mistakes((property, value)));

    [Fact]
    public void A_user_and_a_mechanism_are_needed_for_SASL()
    {
        var mistake = Assert.Single(Mistakes(("security.protocol", "sasl_ssl"), ("sasl.mechanism", "PLAIN")));
        Assert.Contains($"{Section}sasl.username and {Section}sasl.password must be set", mistake, StringComparison.Ordinal);

        mistake = Assert.Single(Mistakes(
            ("security.protocol", "sasl_ssl"), ("sasl.mechanism", "SCRAM-256"), ("sasl.username", "pulse"), ("sasl.password", "sesame")));
        Assert.StartsWith($"{Section}sasl.mechanism is SCRAM-256: Unsupported SASL mechanism", mistake, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void Tokens_must_come_from_somewhere()
    {
        (string, string)[] oauth = [("security.protocol", "sasl_ssl"), ("sasl.mechanism", "OAUTHBEARER")];
        Assert.Contains("nothing says where tokens come from", Assert.Single(Mistakes(oauth)), StringComparison.Ordinal);
        Assert.Contains(
            $"{Section}sasl.oauthbearer.token.endpoint.url",
            Assert.Single(Mistakes([.. oauth, ("sasl.oauthbearer.method", "oidc"), ("sasl.oauthbearer.client.id", "pulse"),
                ("sasl.oauthbearer.client.secret", "sesame")])),
            StringComparison.Ordinal);
        // The address is not asked here: nobody listens there.
        Assert.Empty(Mistakes([.. oauth, ("sasl.oauthbearer.method", "oidc"), ("sasl.oauthbearer.client.id", "pulse"),
            ("sasl.oauthbearer.client.secret", "sesame"), ("sasl.oauthbearer.token.endpoint.url", "https://login.invalid/token")]));
    }

    [Fact]
    public void A_key_must_be_the_certificates()
    {
        var (certificate, key) = _authority.Issue();
        (string, string)[] Tls(string file) =>
        [
            ("security.protocol", "ssl"), ("ssl.ca.location", Write("ca.pem", _authority.Pem)),
            ("ssl.certificate.location", Write("client.pem", certificate)), ("ssl.key.location", file),
        ];

        Assert.Empty(Mistakes(Tls(Write("client.key", key))));
        Assert.Equal(
            $"{Section}ssl.key.location is no path of a file; the text itself belongs into {Section}ssl.key.pem.", Assert.Single(Mistakes(Tls(key))));
        var mistake = Assert.Single(Mistakes(Tls(Write("other.key", _authority.Issue().Key))));
        Assert.Contains($"{Section}ssl.key.location failed", mistake, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private string Write(string name, string content)
    {
        var file = Path.Combine(_directory, name);
        File.WriteAllText(file, content);
        return file;
    }

    private static IReadOnlyList<string> Mistakes(params (string Property, string Value)[] properties)
    {
        var settings = properties.Select(each => KeyValuePair.Create(Section + each.Property, (string?)each.Value))
            .Append(KeyValuePair.Create("Pulse:Kafka:BootstrapServers", (string?)"kafka:9092"));
        try
        {
            NodeConfiguration.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
            return [];
        }
        catch (ConfigurationException exception)
        {
            Assert.DoesNotContain(exception.Mistakes, line => line.Contains('\n', StringComparison.Ordinal));
            return exception.Mistakes;
        }
    }
}
