using Confluent.Kafka;

namespace Pulse.Actors.Broker;

/// <summary>
/// A client that questions share, and that ends when the last of them has ended: librdkafka ends the process by an assertion where the
/// answer to DescribeTopics comes to a client that is just being disposed of. Thread-safe.
/// </summary>
/// <param name="client">The client.</param>
internal sealed class QuestionClient(IAdminClient client)
{
    private readonly Lock _lock = new();
    private int _questions;
    private bool _isLeft;

    /// <summary>The client.</summary>
    public IAdminClient Client => client;

    /// <summary>A question will be asked: the client lives until then.</summary>
    public void Take()
    {
        lock (_lock)
            _questions++;
    }

    /// <summary>Asks a question, after one <see cref="Take"/>.</summary>
    /// <param name="ask">Asks it; ends within a limit of its own.</param>
    public async Task<T> AskAsync<T>(Func<IAdminClient, Task<T>> ask)
    {
        try
        {
            return await ask(client).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _questions--;
                DisposeWhereUnused();
            }
        }
    }

    /// <summary>No further question will be asked.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            _isLeft = true;
            DisposeWhereUnused();
        }
    }

    // A client that is stuck may be stuck in its end as well.
    private void DisposeWhereUnused()
    {
        if (_isLeft && _questions == 0)
            _ = OwnThread.RunAsync(() => { client.Dispose(); return true; });
    }
}
