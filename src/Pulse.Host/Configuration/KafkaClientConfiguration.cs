using System.Collections.Frozen;
using System.Globalization;
using System.Text.RegularExpressions;
using Confluent.Kafka;
using Pulse.Actors.Broker;

namespace Pulse.Host.Configuration;

/// <summary>Checks the section <c>Pulse:Kafka:Client</c> by the client itself; contacts nobody.</summary>
internal static partial class KafkaClientConfiguration
{
    private const string Section = "Pulse:Kafka:Client";

    // Stands between the least and the greatest number in the client's own table.
    private const string Between = " .. ";

    // An address that refuses at once: a client that is only tried must not ask a real server for a token.
    private const string Nowhere = "http://127.0.0.1:1/";

    private static readonly FrozenDictionary<string, string> SetByPulse = new Dictionary<string, string>
    {
        ["bootstrap.servers"] = "use Pulse:Kafka:BootstrapServers",
        ["metadata.broker.list"] = "use Pulse:Kafka:BootstrapServers",
        ["group.id"] = "use Pulse:Kafka:GroupId",
        ["allow.auto.create.topics"] = "use Pulse:Kafka:CreateTopics",
        ["enable.auto.commit"] = Counts,
        ["auto.commit.enable"] = Counts,
        ["enable.auto.offset.store"] = Counts,
        ["enable.partition.eof"] = Counts,
        ["auto.offset.reset"] = Counts,
        ["isolation.level"] = Counts,
        ["acks"] = DeadLetters,
        ["request.required.acks"] = DeadLetters,
        ["enable.idempotence"] = DeadLetters,
        ["transactional.id"] = DeadLetters,
        ["group.protocol"] = NoGroup,
        ["group.instance.id"] = NoGroup,
        ["partition.assignment.strategy"] = NoGroup,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private const string Counts = "Pulse sets it, since counts would not follow from the log otherwise; leave it out";
    private const string DeadLetters = "Pulse sets it, since dead letters could get lost otherwise; leave it out";
    private const string NoGroup = "Pulse joins no group: the cluster says who reads what; leave it out";

    /// <summary>Checks every property by itself and then all together, adding one line for each mistake.</summary>
    /// <param name="written">The section.</param>
    /// <param name="settings">The same, bound.</param>
    /// <param name="mistakes">Where lines go.</param>
    public static void Check(IConfigurationSection written, KafkaSettings settings, List<string> mistakes)
    {
        var before = mistakes.Count;
        mistakes.AddRange(written.GetChildren().Select(Mistake).OfType<string>());
        if (mistakes.Count > before || settings.Client.IsEmpty)
            return;
        if ((TokenMistake(settings) ?? Together(settings)) is { } mistake)
            mistakes.Add(mistake);
    }

    private static string? Mistake(IConfigurationSection property)
    {
        var (path, name) = ($"{Section}:{property.Key}", property.Key);
        if (property.Value is not { } value)
            return $"{path} is a section; write a property's whole name as one, such as {Section}:security.protocol.";
        if (SetByPulse.TryGetValue(name, out var own))
            return $"{path} can't be set: {own}.";
        // The text of a key would be a secret in the line.
        if (IsFile(name) && value.Contains("-----", StringComparison.Ordinal))
            return $"{path} is no path of a file; the text itself belongs into {Section}:{name.Replace(".location", ".pem", StringComparison.Ordinal)}.";
        if (IsFile(name) && value != "probe" && !File.Exists(value) && !Directory.Exists(value))
            return $"{path} is '{value}', where no file is.";
        var known = ClientProperties.Find(name);
        // The client reads a number up to the first letter, and what follows tells that it was meant otherwise.
        var isNumber = known?.Range.Contains(Between, StringComparison.Ordinal) is true;
        var reason = ClientProperties.Refusal(name, value) ?? (isNumber && !IsWhole(value) ? "it is no number" : null);
        if (reason is null)
            return null;
        if (known is null)
            return ClientProperties.Nearest(name) is { } nearest
                ? $"{path} is no property of the Kafka client; the nearest is {nearest}."
                : $"{path}: {reason}.";
        // Where any text is allowed it may be a secret.
        return known.Range.Length > 0
            ? $"{path} is '{value}'; use {known.Range.Replace(Between, " to ", StringComparison.Ordinal)}."
            : $"{path} can't be used: {reason.TrimEnd('.')}.";
    }

    private static bool IsWhole(string value) => long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    // The client would wait for a token for ever, without a word.
    private static string? TokenMistake(KafkaSettings settings) =>
        Mechanism(settings) == "OAUTHBEARER"
            && settings.Client.GetValueOrDefault("sasl.oauthbearer.method", "default") == "default"
            && settings.Client.GetValueOrDefault("enable.sasl.oauthbearer.unsecure.jwt") != "true"
                ? $"{Section}:sasl.mechanism is OAUTHBEARER, but nothing says where tokens come from; set "
                    + $"{Section}:sasl.oauthbearer.method to oidc and name the provider in {Section}:sasl.oauthbearer.token.endpoint.url."
                : null;

    // What fits each property alone need not fit together, and files are read here.
    private static string? Together(KafkaSettings settings)
    {
        try
        {
            var consumer = settings.ConsumerConfig();
            Disconnect(consumer);
            using (new ConsumerBuilder<Ignore, Ignore>(consumer).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build())
            {
            }

            var producer = settings.ProducerConfig();
            Disconnect(producer);
            using (new ProducerBuilder<Null, Null>(producer).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build())
            {
            }

            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or KafkaException)
        {
            var reason = PropertyName().Replace(exception.Message, name =>
                ClientProperties.Find(name.Value) is null ? name.Value : $"{Section}:{name.Value}").TrimEnd('.');
            return reason.Contains("SASL mechanism", StringComparison.Ordinal)
                ? $"{Section}:sasl.mechanism is {Mechanism(settings) ?? "not set"}: {reason}. Name one that the brokers take, such as SCRAM-SHA-512."
                : $"The Kafka client refuses its settings: {reason}. Correct them in {Section}.";
        }
    }

    private static void Disconnect(ClientConfig configuration)
    {
        configuration.BootstrapServers = null;
        if (configuration.SaslOauthbearerTokenEndpointUrl is not null || configuration.SaslOauthbearerMetadataAuthenticationType is not null)
            configuration.SaslOauthbearerTokenEndpointUrl = Nowhere;
    }

    private static string? Mechanism(KafkaSettings settings) =>
        settings.Client.GetValueOrDefault("sasl.mechanism") ?? settings.Client.GetValueOrDefault("sasl.mechanisms");

    private static bool IsFile(string name) =>
        (name.EndsWith(".location", StringComparison.Ordinal) && name != "ssl.engine.location")
        || name.EndsWith(".file", StringComparison.Ordinal);

    [GeneratedRegex(@"\b[a-z]+(?:\.[a-z]+)+\b")]
    private static partial Regex PropertyName();
}
