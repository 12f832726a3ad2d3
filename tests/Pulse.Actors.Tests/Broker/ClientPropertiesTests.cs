using System.Reflection;
using Confluent.Kafka;
using Pulse.Actors.Broker;

namespace Pulse.Actors.Tests.Broker;

/// <summary>The client's own list of its properties.</summary>
public sealed class ClientPropertiesTests
{
    [Theory]
    [InlineData("sasl.usernme", "sasl.username")]
    [InlineData("sasl.usrename", "sasl.username")]
    [InlineData("security.protokol", "security.protocol")]
    [InlineData("Ssl.Ca.Location", "ssl.ca.location")]
    [InlineData("sasl.machanism", "sasl.mechanism")]
    [InlineData("fetch.wait.ms.max", "fetch.wait.max.ms")]
    public void The_nearest_known_name_is_found(string written, string meant)
    {
        Assert.Null(ClientProperties.Find(written));
        Assert.Equal(meant, ClientProperties.Nearest(written));
    }

    [Fact]
    public void A_callback_is_no_property_that_a_setting_can_give()
    {
        Assert.Null(ClientProperties.Find("error_cb"));
        Assert.NotNull(ClientProperties.Refusal("error_cb", "x"));
    }

    [Theory]
    [InlineData("security.protocol", "plaintext, ssl, sasl_plaintext, sasl_ssl")]
    [InlineData("isolation.level", "read_uncommitted, read_committed")]
    [InlineData("client.rack", "")]
    public void A_property_tells_what_it_takes(string name, string range) =>
        Assert.Equal(range, ClientProperties.Find(name)!.Range);

    [Fact]
    public void Every_property_that_the_typed_configurations_have_is_known()
    {
        // What the wrapper adds of its own is no property of the library.
        var typed = new[] { typeof(ClientConfig), typeof(ConsumerConfig), typeof(ProducerConfig) }
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(property => property.CanWrite && property.PropertyType == typeof(string))
            .Select(property => string.Concat(property.Name.Select((letter, index) =>
                char.IsUpper(letter) && index > 0 ? $".{char.ToLowerInvariant(letter)}" : $"{char.ToLowerInvariant(letter)}")))
            .Where(name => !name.StartsWith("consume.result", StringComparison.Ordinal) && !name.StartsWith("delivery.report", StringComparison.Ordinal))
            .ToList();

        Assert.InRange(typed.Count, 20, 100);
        Assert.DoesNotContain(typed, name => ClientProperties.Find(name) is null);
    }

    [Theory]
    [InlineData("security.protocol", "sasl_ssl")]
    [InlineData("linger.ms", "10")]
    [InlineData("acks", "all")]
    [InlineData("max.poll.interval.ms", "600000")]
    [InlineData("sasl.password", "sesame")]
    public void A_value_that_a_client_of_any_kind_takes_is_not_refused(string name, string value) =>
        Assert.Null(ClientProperties.Refusal(name, value));

    [Theory]
    [InlineData("security.protocol", "sals_ssl")]
    [InlineData("socket.timeout.ms", "soon")]
    [InlineData("socket.keepalive.enable", "perhaps")]
    [InlineData("no.such.property", "1")]
    public void Another_is_refused_with_the_clients_words(string name, string value) =>
        Assert.Contains(name, ClientProperties.Refusal(name, value), StringComparison.Ordinal);
}
