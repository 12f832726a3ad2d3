using System.Text.RegularExpressions;

namespace Pulse.Actors.Broker;

/// <summary>
/// Reads what the Kafka client logs when a connection fails: the one place where it tells the cause. A question that waits for the
/// connection only learns that nobody answered.
/// </summary>
/// <param name="bootstrapServers">The configured brokers, <c>host:port</c> separated by commas.</param>
/// <param name="client">The client's configured properties.</param>
internal sealed partial class ConnectionReasons(string bootstrapServers, IReadOnlyDictionary<string, string> client)
{
    private const string Servers = "Pulse:Kafka:BootstrapServers";
    private const string Client = "Pulse:Kafka:Client:";

    // A connection that was of use for longer may be closed at any time: an idle one, or by a broker that stops.
    private const int MillisecondsOfUse = 1_000;

    private readonly HashSet<string> _bootstrap =
        bootstrapServers.Split(',', StringSplitOptions.TrimEntries).ToHashSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>What a line of the client says; null where it is not about a connection that fails.</summary>
    public ConnectionFailure? Read(string line)
    {
        if (line.Contains("OAUTHBEARER token", StringComparison.Ordinal) || line.Contains("OIDC token", StringComparison.Ordinal))
            return new ConnectionFailure(
                // Whoever issues tokens may be away, as a broker may be.
                line.Contains("connect to ", StringComparison.Ordinal) || line.Contains("resolve", StringComparison.Ordinal)
                    ? ConnectionFailureKind.Away
                    : ConnectionFailureKind.Refused,
                bootstrapServers, Thread().Replace(line, ""), $"Check {Client}sasl.oauthbearer.*.");
        if (BrokerLine().Match(line) is not { Success: true } match)
            return null;
        var address = match.Groups["address"].Value;
        var reason = OpenSslCode().Replace(match.Groups["reason"].Value.Trim(), "");
        if (Refusal(reason) is { } advice)
            return new ConnectionFailure(ConnectionFailureKind.Refused, address, reason, advice);
        if (reason.StartsWith("Failed to resolve", StringComparison.Ordinal) || reason.StartsWith("Connect to", StringComparison.Ordinal)
            || reason.StartsWith("Connection setup timed out", StringComparison.Ordinal))
            return Unreached(address, reason, isConfigured: match.Groups["broker"].Value == "bootstrap" || _bootstrap.Contains(address));
        return reason.Contains("Disconnected", StringComparison.Ordinal) || reason.Contains("closed by peer", StringComparison.Ordinal)
            ? Closed(address, reason, match.Groups["state"].Value, match.Groups["time"].Value)
            : null;
    }

    private static ConnectionFailure Unreached(string address, string reason, bool isConfigured) => isConfigured
        ? new ConnectionFailure(
            ConnectionFailureKind.Away, address, reason, $"Check {Servers}, and that the broker runs.")
        : new ConnectionFailure(
            ConnectionFailureKind.Advertised, address, reason,
            $"A broker gives clients that address for itself: correct advertised.listeners in the broker's settings, or let this machine "
            + "reach the address.");

    private ConnectionFailure? Closed(string address, string reason, string state, string time)
    {
        if (state is not ("APIVERSION_QUERY" or "UP") || (int.TryParse(time, out var milliseconds) && milliseconds > MillisecondsOfUse))
            return null;
        return new ConnectionFailure(
            ConnectionFailureKind.Closed, address, reason,
            $"The port may speak another protocol: check {Given("security.protocol", "plaintext")}, and the port in {Servers}.");
    }

    private string? Refusal(string reason)
    {
        if (reason.Contains("mechanism handshake failed", StringComparison.Ordinal))
            return SupportedMechanisms().Match(reason) is { Success: true }
                ? $"Check {Given("sasl.mechanism", "GSSAPI", "sasl.mechanisms")}: the broker takes only those that it names."
                : $"The port takes no SASL: check {Given("security.protocol", "plaintext")}, and the port in {Servers}.";
        if (reason.Contains("SASL", StringComparison.Ordinal))
            return Value("sasl.mechanism", "sasl.mechanisms") == "OAUTHBEARER"
                ? $"The broker does not accept the token: check {Client}sasl.oauthbearer.*."
                : $"Check {Given("sasl.username", "not set")}, {Client}sasl.password and {Given("sasl.mechanism", "GSSAPI", "sasl.mechanisms")}.";
        if (reason.Contains("certificate verify failed", StringComparison.Ordinal))
            return $"Check {Given("ssl.ca.location", "not set")}: it must hold the authority of the broker's certificate, which must be valid "
                + "now and for this address.";
        if (reason.Contains("PLAINTEXT broker listener", StringComparison.Ordinal))
            return $"The port takes no TLS: check {Given("security.protocol", "plaintext")}, and the port in {Servers}.";
        if (reason.Contains("SSL alert number", StringComparison.Ordinal) || reason.Contains("client SSL authentication", StringComparison.Ordinal))
            return Value("ssl.certificate.location", "ssl.keystore.location") is null
                ? $"The broker asks for a client's certificate: give one in {Client}ssl.certificate.location and its key in {Client}ssl.key.location."
                : $"The broker does not accept the client's certificate: check {Given("ssl.certificate.location", "not set", "ssl.keystore.location")}, "
                    + "how long it is valid, and that an authority issued it that the broker knows.";
        return reason.Contains("SSL handshake failed", StringComparison.Ordinal)
            ? $"Check {Given("security.protocol", "plaintext")}, {Client}ssl.*, and the port in {Servers}."
            : null;
    }

    /// <summary>A setting by its name, with its value: for none that is a secret.</summary>
    private string Given(string name, string otherwise, string? alias = null) => $"{Client}{name} ({Value(name, alias) ?? otherwise})";

    private string? Value(string name, string? alias) =>
        client.GetValueOrDefault(name) ?? (alias is null ? null : client.GetValueOrDefault(alias));

    // [thrd:…]: ssl://host:9092/bootstrap: what happened (after 5ms in state SSL_HANDSHAKE). The one to a group's coordinator has its
    // role in front of the address, and no number behind it.
    [GeneratedRegex(
        @"^(?:\[thrd:[^\]]*\]: )?(?:\w+: )?(?:\w+://)?(?<address>[^/\s]+:\d+)(?:/(?<broker>bootstrap|-?\d+))?: (?<reason>.*?)"
        + @"(?: \(after (?<time>\d+)ms in state (?<state>\w+).*\))?$",
        RegexOptions.Singleline)]
    private static partial Regex BrokerLine();

    [GeneratedRegex(@"^\[thrd:[^\]]*\]: ")]
    private static partial Regex Thread();

    [GeneratedRegex(@"error:[0-9A-F]+:SSL routines:[^:]*:")]
    private static partial Regex OpenSslCode();

    [GeneratedRegex(@"supported mechanisms: \S")]
    private static partial Regex SupportedMechanisms();
}
