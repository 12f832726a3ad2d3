
namespace Pulse.Actors.Broker;

/// <summary>
/// Asks for the spans of logs, for all sessions of a node at once: one question is under way at a time, and the next is for all
/// that were wanted meanwhile. Thread-safe.
/// </summary>
/// <param name="questions">Asks the brokers.</param>
/// <param name="topic">The topic.</param>
public sealed class LogSpans(TopicQuestions questions, string topic)
{
    private readonly Lock _lock = new();
    private Dictionary<int, List<TaskCompletionSource<LogSpan?>>> _waiting = [];
    private bool _isAsking;

    /// <summary>Asks for the span of a partition, in a question that leaves after this call.</summary>
    /// <returns>Null where the brokers do not say it.</returns>
    public Task<LogSpan?> AskAsync(int partition)
    {
        var answer = new TaskCompletionSource<LogSpan?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (!_waiting.TryGetValue(partition, out var waiting))
                _waiting.Add(partition, waiting = []);
            waiting.Add(answer);
            if (_isAsking)
                return answer.Task;
            _isAsking = true;
        }

        _ = AskAllAsync();
        return answer.Task;
    }

    private async Task AskAllAsync()
    {
        while (TakeWaiting() is { } asked)
        {
            IReadOnlyDictionary<int, LogSpan> spans = new Dictionary<int, LogSpan>();
            try
            {
                // A partition without a leader would keep the others waiting.
                var described = await questions.DescribeAsync(CancellationToken.None).ConfigureAwait(false);
                int[] answering = [.. described.Led.Where(asked.ContainsKey)];
                spans = await questions.SpansAsync(topic, answering, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IngestException or ObjectDisposedException)
            {
                // Unanswered: whoever still wants it asks again.
            }

            foreach (var (partition, waiting) in asked)
                waiting.ForEach(answer => answer.TrySetResult(spans.TryGetValue(partition, out var span) ? span : null));
        }
    }

    private Dictionary<int, List<TaskCompletionSource<LogSpan?>>>? TakeWaiting()
    {
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                _isAsking = false;
                return null;
            }

            var taken = _waiting;
            _waiting = [];
            return taken;
        }
    }
}
