using System.Collections.Immutable;
using Pulse.Actors.Broker;

namespace Pulse.Host.Embedded;

/// <summary>Asks the broker several times a second where the partitions of the topic of events end. Thread-safe.</summary>
internal sealed class TopicEnds : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly TopicQuestions _questions;
    private readonly string _topic;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _asking;
    private ImmutableDictionary<int, LogSpan> _latest = ImmutableDictionary<int, LogSpan>.Empty;

    /// <summary>Begins to ask.</summary>
    /// <param name="settings">A stream of <see cref="EmbeddedStream.Partitions"/> partitions.</param>
    public TopicEnds(KafkaSettings settings)
    {
        _questions = new TopicQuestions(settings);
        _topic = settings.Topic;
        _asking = AskAsync(_stopping.Token);
    }

    /// <summary>The end of a partition as the broker last said it; null before it did.</summary>
    public long? this[int partition] =>
        Volatile.Read(ref _latest).TryGetValue(partition, out var span) ? span.End : null;

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _asking;
        _questions.Dispose();
        _stopping.Dispose();
    }

    private async Task AskAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval);
        int[] partitions = [.. Enumerable.Range(0, EmbeddedStream.Partitions)];
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
            {
                try
                {
                    var latest = await _questions.SpansAsync(_topic, partitions, stopping);
                    Volatile.Write(ref _latest, latest);
                }
                catch (IngestException)
                {
                    // What it said last stands until it answers again.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }
}
