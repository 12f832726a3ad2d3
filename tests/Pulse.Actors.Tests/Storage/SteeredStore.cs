using System.Threading.Channels;
using Pulse.Actors.Storage;

namespace Pulse.Actors.Tests.Storage;

/// <summary>A store whose every write waits until the test lets it succeed or fail.</summary>
internal sealed class SteeredStore
{
    private readonly Channel<Write> _writes = Channel.CreateUnbounded<Write>();

    public Task<IReadOnlyList<BucketResults>> WriteAsync(IReadOnlyList<BucketResults> results, CancellationToken cancellationToken)
    {
        var write = new Write(results);
        _writes.Writer.TryWrite(write);
        return write.Done;
    }

    public Task<Write> NextAsync() => _writes.Reader.ReadAsync().AsTask().WaitAsync(Until.Limit);

    internal sealed class Write(IReadOnlyList<BucketResults> results)
    {
        private readonly TaskCompletionSource<IReadOnlyList<BucketResults>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<string> Buckets { get; } = [.. results.Select(bucket => $"{(char)bucket.Bucket}")];

        public Task<IReadOnlyList<BucketResults>> Done => _done.Task;

        public void Commit() => _done.SetResult([]);

        public void CommitAllBut(string overtaken) =>
            _done.SetResult([.. results.Where(bucket => bucket.Bucket == overtaken[0])]);

        public void Fail(string problem) => _done.SetException(new StorageException(problem, isTransient: true));
    }
}
