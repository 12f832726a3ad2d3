using Confluent.Kafka;
using Pulse.Actors.Broker;
using Pulse.Actors.Tests.Storage;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Broker;

/// <summary>When a client of questions ends.</summary>
public sealed class QuestionClientTests : IDisposable
{
    private readonly NobodysPort _port = new();
    private readonly IAdminClient _admin;
    private readonly QuestionClient _client;

    public QuestionClientTests()
    {
        _admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _port.Address }).SetLogHandler((_, _) => { }).Build();
        _client = new QuestionClient(_admin);
    }

    private bool HasEnded => NativeClient.HandleOf(_admin).IsClosed;

    [Fact]
    public async Task Left_by_everybody_it_ends()
    {
        _client.Leave();

        await Until.TrueAsync(() => HasEnded);
    }

    [Fact]
    public async Task Left_with_questions_under_way_it_ends_after_the_last_of_them_has_ended()
    {
        var (first, second) = (new TaskCompletionSource<int>(), new TaskCompletionSource<int>());
        _client.Take();
        var answered = _client.AskAsync(_ => first.Task);
        _client.Take();
        var failed = _client.AskAsync(_ => second.Task);
        _client.Leave();

        first.SetResult(7);
        Assert.Equal(7, await answered);
        Assert.False(HasEnded);

        second.SetException(new KafkaException(ErrorCode.Local_TimedOut));
        await Assert.ThrowsAsync<KafkaException>(() => failed);
        await Until.TrueAsync(() => HasEnded);
    }

    // Each test ends the client.
    public void Dispose() => _port.Dispose();
}
