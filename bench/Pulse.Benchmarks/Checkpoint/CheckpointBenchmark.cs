using Akka.Actor;
using Pulse.Actors.Buckets;
using Pulse.Benchmarks.Nodes;
using Pulse.Counting;

namespace Pulse.Benchmarks.Checkpoint;

/// <summary>
/// Has every bucket make a checkpoint with so many changed counts, all of a new window as in the stream: from the request
/// to the last answer, that is journal and result table.
/// </summary>
/// <param name="node">Where the buckets are.</param>
/// <param name="shape">How many buckets and rows.</param>
internal sealed class CheckpointBenchmark(BucketNode node, CheckpointShape shape) : ICheckpointSubject
{
    private const long Session = 1;
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(5);

    private readonly StreamPartition _partition = new("stream", 0);
    private readonly IActorRef _ingestor = node.System.ActorOf(Props.Create<Asker>());
    private long _position;

    public async Task PrepareAsync() => await AskAsync(
        shape.Buckets.Select(bucket => new OpenPartition(bucket, _partition, 0, Session)));

    public async Task<Expense> StoreAsync(Window window)
    {
        var (from, to) = (_position, _position + shape.RowsPerBucket);
        _position = to;
        await AskAsync(shape.Buckets.Select((bucket, index) => new ApplyDelta(
            bucket, new Delta(_partition, from, to, [.. shape.Keys(index).Select(key => new KeyCount(key, window, 1))]), Session)));
        PersistPartition[] requests =
            [.. shape.Buckets.Select(bucket => new PersistPartition(bucket, _partition, to, Session))];
        return await Expense.OfAsync(() => AskAsync(requests));
    }

    private Task AskAsync(IEnumerable<IPartitionRequest> requests)
    {
        var questions = new Questions(node.Buckets, [.. requests]);
        _ingestor.Tell(questions);
        return questions.Answered.Task.WaitAsync(AnswerLimit);
    }
}
