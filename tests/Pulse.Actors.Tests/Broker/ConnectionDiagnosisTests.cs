using Confluent.Kafka;
using Pulse.Actors.Broker;

namespace Pulse.Actors.Tests.Broker;

/// <summary>What is kept of what a client says.</summary>
public sealed class ConnectionDiagnosisTests
{
    private const string Away = "one:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)";
    private const string Refused = "two:9092/bootstrap: SASL authentication error: Authentication failed (after 3ms in state AUTH_REQ)";
    private const string OneRefused = "one:9092/bootstrap: SASL authentication error: Authentication failed (after 3ms in state AUTH_REQ)";
    private const string Advertised = "three:9092/1: Connect to ipv4#10.0.0.3:9092 failed: Connection refused (after 0ms in state CONNECT)";
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly Clock _time = new();
    private readonly ConnectionDiagnosis _diagnosis;

    public ConnectionDiagnosisTests() =>
        _diagnosis = new ConnectionDiagnosis("one:9092,two:9092", new Dictionary<string, string>(), _time);

    [Fact]
    public void Nothing_is_wrong_before_anything_was_said_and_after_an_answer()
    {
        Assert.Null(_diagnosis.Problem);
        Hear(Refused);
        Assert.Contains("Kafka at two:9092", _diagnosis.Problem, StringComparison.Ordinal);
        _diagnosis.Answered();
        Assert.Null(_diagnosis.Problem);
    }

    [Fact]
    public void An_answer_at_a_configured_address_proves_nothing_of_others()
    {
        Hear(OneRefused);
        Hear(Advertised);
        _diagnosis.AnsweredSomewhere();
        Assert.Equal(ConnectionFailureKind.Advertised, _diagnosis.Failure!.Kind);
        _diagnosis.Answered();
        Assert.Null(_diagnosis.Problem);
    }

    [Theory]
    [InlineData(Away, Refused)]
    [InlineData(Refused, Away)]
    public void Of_two_brokers_the_more_telling_failure_is_said(string first, string second)
    {
        Hear(first);
        Hear(second);
        Assert.Equal("two:9092", _diagnosis.Failure!.Address);
    }

    [Fact]
    public void What_was_not_said_for_half_a_minute_is_over()
    {
        Hear(OneRefused);
        _time.Advance(30 * Second);
        Assert.NotNull(_diagnosis.Problem);
        Hear(Away);
        Assert.Equal(ConnectionFailureKind.Refused, _diagnosis.Failure!.Kind);
        _time.Advance(Second);
        Assert.Null(_diagnosis.Problem);
        Hear(Away);
        Assert.Equal(ConnectionFailureKind.Away, _diagnosis.Failure!.Kind);
    }

    [Fact]
    public void A_refusal_lasts_once_it_was_repeated_for_so_long()
    {
        Hear(Refused);
        _time.Advance(2 * Second);
        Assert.False(_diagnosis.IsLasting(Second));
        Hear(Refused);
        Assert.True(_diagnosis.IsLasting(Second));
        Assert.False(_diagnosis.IsLasting(3 * Second));
    }

    [Fact]
    public void A_broker_that_is_away_is_waited_for()
    {
        for (var said = 0; said < 3; said++)
        {
            Hear(Away);
            _time.Advance(Second);
        }

        Assert.NotNull(_diagnosis.Problem);
        Assert.False(_diagnosis.IsLasting(Second));
    }

    [Fact]
    public void What_the_client_logs_for_debugging_is_not_heard()
    {
        _diagnosis.Hear(new LogMessage("pulse", SyslogLevel.Debug, "FAIL", Refused));
        Assert.Null(_diagnosis.Problem);
        _diagnosis.Hear(new LogMessage("pulse", SyslogLevel.Info, "FAIL", Refused));
        Assert.NotNull(_diagnosis.Problem);
    }

    private void Hear(string reason) => _diagnosis.Hear(new Error(ErrorCode.Local_Transport, reason));

    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

        public void Advance(TimeSpan time) => _now += time;

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
