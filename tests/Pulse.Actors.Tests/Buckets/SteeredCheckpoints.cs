using System.Threading.Channels;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Actors.Tests.Storage;
using Pulse.Counting;

namespace Pulse.Actors.Tests.Buckets;

/// <summary>A store whose every question waits until the test answers it.</summary>
internal sealed class SteeredCheckpoints : ICheckpointStore
{
    private readonly Channel<Question> _questions = Channel.CreateUnbounded<Question>();

    /// <summary>A bucket and the positions of its row, null where it has none; the rows of all others are well.</summary>
    public (BucketId Bucket, string? Positions)? Wrong { get; set; }

    public string Description => "a steered store";

    public Task<Question> NextAsync() => _questions.Reader.ReadAsync().AsTask().WaitAsync(Until.Limit);

    public Task PrepareAsync(CountingRules rules, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task OpenAsync(CountingRules rules, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<IReadOnlyDictionary<BucketId, BucketRow>> TakeOverAsync(
        IReadOnlyCollection<BucketId> buckets, CancellationToken cancellationToken)
    {
        await AskAsync(buckets);
        return buckets.Where(bucket => bucket != Wrong?.Bucket || Wrong?.Positions is not null).ToDictionary(
            bucket => bucket,
            bucket => new BucketRow(new CheckpointId(Guid.NewGuid()), 1, bucket == Wrong?.Bucket ? Wrong.Value.Positions! : "", default));
    }

    public async Task<IReadOnlyList<StatementOutcome>> StoreAsync(
        IReadOnlyList<CheckpointStatement> statements, Window? reportedFrom, CancellationToken cancellationToken)
    {
        var outcomes = await AskAsync(statements.Select(statement => statement.Bucket));
        return outcomes.Count > 0 ? outcomes : [.. statements.Select(_ => StatementOutcome.Stored([]))];
    }

    public async Task<IReadOnlyDictionary<BucketId, CheckpointId>> ReadCheckpointsAsync(
        IReadOnlyCollection<BucketId> buckets, CancellationToken cancellationToken)
    {
        await AskAsync(buckets);
        return buckets.ToDictionary(bucket => bucket, _ => new CheckpointId(Guid.NewGuid()));
    }

    public async Task<StoredProgress> ReadProgressAsync(string stream, CancellationToken cancellationToken)
    {
        await AskAsync([]);
        return StoredProgress.Of(stream, []);
    }

    public async Task<StorageSnapshot> ReadSnapshotAsync(CancellationToken cancellationToken)
    {
        await AskAsync([]);
        throw new NotSupportedException("The steered store has no tables.");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task<IReadOnlyList<StatementOutcome>> AskAsync(IEnumerable<BucketId> buckets)
    {
        var question = new Question([.. buckets]);
        _questions.Writer.TryWrite(question);
        return question.Answered;
    }

    internal sealed class Question(IReadOnlyList<BucketId> buckets)
    {
        private readonly TaskCompletionSource<IReadOnlyList<StatementOutcome>> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<BucketId> Buckets => buckets;

        public Task<IReadOnlyList<StatementOutcome>> Answered => _answered.Task;

        public void Answer() => _answered.SetResult([]);

        public void AnswerOutcomes(params StatementOutcome[] outcomes) => _answered.SetResult(outcomes);

        public void Fail(Exception failure) => _answered.SetException(failure);
    }
}
