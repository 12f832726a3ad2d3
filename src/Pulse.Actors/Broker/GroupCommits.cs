using System.Threading.Channels;
using Confluent.Kafka;

namespace Pulse.Actors.Broker;

/// <summary>
/// Tells a group offsets on a thread of its own: a commit waits for the broker. One is under way at a time; those asked for
/// meanwhile go together, and of each partition only the last.
/// </summary>
internal sealed class GroupCommits
{
    private readonly Channel<Commit> _commits = Channel.CreateUnbounded<Commit>(new() { SingleReader = true });
    private Thread? _thread;

    /// <summary>Commits the position of a partition to the group.</summary>
    /// <exception cref="KafkaException">The broker refused or did not answer, or the reader has stopped.</exception>
    public Task CommitAsync(TopicPartitionOffset position)
    {
        var commit = new Commit(position);
        return _commits.Writer.TryWrite(commit) ? commit.Done.Task : Task.FromException(new KafkaException(ErrorCode.Local_State));
    }

    /// <summary>Begins.</summary>
    public void Start(IConsumer<Ignore, Ignore> consumer)
    {
        _thread = new Thread(() => CommitAll(consumer)) { IsBackground = true, Name = "pulse-kafka-commit" };
        _thread.Start();
    }

    /// <summary>Takes no more, and waits until the client is not used any more.</summary>
    public void Stop()
    {
        _commits.Writer.TryComplete();
        _thread?.Join();
    }

    private void CommitAll(IConsumer<Ignore, Ignore> consumer)
    {
        List<Commit> together = [];
        while (_commits.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            together.Clear();
            while (_commits.Reader.TryRead(out var commit))
                together.Add(commit);
            try
            {
                consumer.Commit(together
                    .GroupBy(commit => commit.Position.TopicPartition)
                    .Select(partition => partition.Last().Position));
                together.ForEach(commit => commit.Done.TrySetResult());
            }
            catch (Exception exception) when (exception is KafkaException or ObjectDisposedException)
            {
                together.ForEach(commit => commit.Done.TrySetException(
                    exception as KafkaException ?? new KafkaException(ErrorCode.Local_State)));
            }
        }
    }

    private sealed record Commit(TopicPartitionOffset Position)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
