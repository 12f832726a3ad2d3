using Pulse.Actors.Broker;

namespace Pulse.Actors.Tests.Broker;

/// <summary>Lines that librdkafka 2.16 has logged against Kafka 4.3.1, and what a person reads of them.</summary>
public sealed class ConnectionReasonsTests
{
    private const string Certificate = "ssl.certificate.location";

    [Theory]
    [InlineData(
        "[thrd:sasl_plaintext://127.0.0.1:9092/bootstrap]: sasl_plaintext://127.0.0.1:9092/bootstrap: SASL authentication error: "
        + "Authentication failed: Invalid username or password (after 301ms in state AUTH_REQ)",
        ConnectionFailureKind.Refused, "SASL authentication error: Authentication failed: Invalid username or password", "Pulse:Kafka:Client:sasl.password")]
    [InlineData(
        "sasl_ssl://127.0.0.1:9092/1: SASL PLAIN mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's supported mechanisms: "
        + "SCRAM-SHA-512 (after 3ms in state AUTH_HANDSHAKE)",
        ConnectionFailureKind.Refused, "SCRAM-SHA-512", "Pulse:Kafka:Client:sasl.mechanism (PLAIN)")]
    [InlineData(
        "sasl_plaintext://127.0.0.1:9092/bootstrap: SASL PLAIN mechanism handshake failed: Broker: Request not valid in current SASL state: "
        + "broker's supported mechanisms:  (after 1ms in state AUTH_HANDSHAKE)",
        ConnectionFailureKind.Refused, "Request not valid", "takes no SASL: check Pulse:Kafka:Client:security.protocol (sasl_ssl)")]
    [InlineData(
        "ssl://127.0.0.1:9092/bootstrap: SSL handshake failed: Disconnected: SSL connection closed by peer: connecting to a PLAINTEXT broker "
        + "listener? (after 6ms in state SSL_HANDSHAKE)",
        ConnectionFailureKind.Refused, "PLAINTEXT broker listener?", "takes no TLS: check Pulse:Kafka:Client:security.protocol")]
    [InlineData(
        "ssl://127.0.0.1:9092/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could "
        + "not be verified, verify that ssl.ca.location is correctly configured (after 7ms in state SSL_HANDSHAKE)",
        ConnectionFailureKind.Refused, "SSL handshake failed: certificate verify failed", "Pulse:Kafka:Client:ssl.ca.location (not set)")]
    [InlineData(
        "ssl://127.0.0.1:9092/bootstrap: Receive failed: error:0A000412:SSL routines::ssl/tls alert bad certificate: SSL alert number 42 "
        + "(after 0ms in state APIVERSION_QUERY)",
        ConnectionFailureKind.Refused, "alert bad certificate", "check Pulse:Kafka:Client:ssl.certificate.location (client.pem)")]
    [InlineData(
        "127.0.0.1:9092/bootstrap: Disconnected: connection closed by peer: receive 0 after POLLIN (after 5ms in state APIVERSION_QUERY)",
        ConnectionFailureKind.Closed, "closed by peer", "another protocol: check Pulse:Kafka:Client:security.protocol")]
    [InlineData(
        "ssl://127.0.0.1:9092/bootstrap: Disconnected: SSL connection closed by peer (after 0ms in state UP)",
        ConnectionFailureKind.Closed, "SSL connection closed by peer", "another protocol")]
    [InlineData(
        "127.0.0.1:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)",
        ConnectionFailureKind.Away, "Connection refused", "Pulse:Kafka:BootstrapServers")]
    [InlineData(
        // A broker that was found under its configured address, and stopped.
        "127.0.0.1:9092/1: Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT, 3 identical error(s) suppressed)",
        ConnectionFailureKind.Away, "Connection refused", "Pulse:Kafka:BootstrapServers")]
    [InlineData(
        "kafka.invalid:9092/1: Failed to resolve 'kafka.invalid:9092': Name or service not known (after 0ms in state CONNECT)",
        ConnectionFailureKind.Advertised, "Name or service not known", "advertised.listeners")]
    [InlineData(
        "[thrd:GroupCoordinator]: GroupCoordinator: 10.0.0.7:9093: Connect to ipv4#10.0.0.7:9093 failed: Connection refused (after 1ms in state CONNECT)",
        ConnectionFailureKind.Advertised, "Connection refused", "advertised.listeners")]
    [InlineData(
        "[thrd:background]: Failed to retrieve OIDC token from \"http://127.0.0.1:9/token\": Failed to connect to 127.0.0.1:9 after 0 ms",
        ConnectionFailureKind.Away, "Failed to retrieve OIDC token", "Pulse:Kafka:Client:sasl.oauthbearer")]
    [InlineData(
        "Failed to acquire SASL OAUTHBEARER token: invalid_client (401)",
        ConnectionFailureKind.Refused, "invalid_client", "Pulse:Kafka:Client:sasl.oauthbearer")]
    public void A_line_of_a_failure_is_read(string line, ConnectionFailureKind kind, string reason, string advice)
    {
        var failure = Reasons().Read(line);

        Assert.NotNull(failure);
        Assert.Equal(kind, failure.Kind);
        Assert.Contains(reason, failure.Reason, StringComparison.Ordinal);
        Assert.Contains(advice, failure.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain("thrd", failure.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("in state", failure.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1/1 brokers are down")]
    // An idle connection may be closed, and so may that of a broker that stops.
    [InlineData("127.0.0.1:9092/1: Disconnected: connection closed by peer: receive 0 after POLLIN (after 600123ms in state UP)")]
    [InlineData("[thrd:app]: Configuration property acks is a producer property and will be ignored by this consumer instance")]
    [InlineData("[thrd:main]: Offset reset (at offset 5 (leader epoch 0), broker 1) to END: fetch failed due to requested offset not available")]
    public void A_line_of_anything_else_is_not(string line) => Assert.Null(Reasons().Read(line));

    [Fact]
    public void Without_a_certificate_of_its_own_the_client_is_told_to_get_one() => Assert.Contains(
        "asks for a client's certificate",
        new ConnectionReasons("127.0.0.1:9092", new Dictionary<string, string>()).Read(
            "ssl://127.0.0.1:9092/bootstrap: Receive failed: error:0A000412:SSL routines::ssl/tls alert bad certificate: SSL alert number 42")!.Advice,
        StringComparison.Ordinal);

    private static ConnectionReasons Reasons() => new("127.0.0.1:9092, other:9092", new Dictionary<string, string>
    {
        ["security.protocol"] = "sasl_ssl", ["sasl.mechanism"] = "PLAIN", ["sasl.username"] = "pulse", ["sasl.password"] = "sesame",
        [Certificate] = "client.pem",
    });
}
