using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Akka.Event;
using Pulse.Actors.Storage;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Actors.Storage.Streams;
using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>
/// Asks the database for all buckets of a node, and Kafka which stream the topic is: of each kind of question one at a time, for
/// every bucket that has come up meanwhile. It also says when checkpoints are due, to all buckets at once. It decides nothing about what is stored.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends in PostStop, which disposes.")]
internal sealed class CheckpointWriter : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan PaceInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(5);

    private readonly ICheckpointStore _store;
    private readonly CheckpointWriterContext _context;
    private readonly StorageOutageLog _outages;
    private readonly ConfirmationLog _confirmations;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<Type, Lane> _lanes = [];
    private DateTimeOffset _lastDue;
    private TimeSpan _lastTook;

    /// <summary>For <see cref="Props"/>, which makes it by reflection.</summary>
    public CheckpointWriter(ICheckpointStore store, CheckpointWriterContext context)
    {
        _store = store;
        _context = context;
        _outages = new StorageOutageLog(context.Storage, StorageActivity.Writing, Context.GetLogger());
        _confirmations = new ConfirmationLog(context.Statistics, Context.GetLogger());
        _lastDue = Now;
        AddLane<TakeoverWanted>(TakeOverAsync, (request, _) => new TakeoverEnded(request.Attempt, null));
        AddLane<ConfirmWanted>(ConfirmAsync, (request, fault) => new StreamConfirmed(request.Frozen, null, fault is StreamRefusedException));
        AddLane<StoreWanted>(StoreAsync, (request, fault) => new StatementEnded(request.Statement, StatementOutcome.Unknown(fault)));
        AddLane<LookWanted>(LookAsync, (request, _) => new LookEnded(request.Look, WasRead: false, null));
        AddLane<CellsWanted>(ReadCellsAsync, (_, _) => new CellsEnded(null));
        Receive<ICheckpointRequest>(request =>
        {
            var lane = _lanes[request.GetType()];
            lane.Waiting.Add((request, Sender));
            Run(lane);
        });
        Receive<Ended>(Handle);
        Receive<Resume>(message =>
        {
            Answer(message.Answers);
            message.Lane.IsBusy = false;
            Run(message.Lane);
        });
        Receive<Pace>(_ => SayWhatIsDue());
        Receive<LookNow>(_ => _context.Buckets.Tell(LookDue.Instance));
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(Pace.Instance, Pace.Instance, PaceInterval);
        Timers.StartPeriodicTimer(LookNow.Instance, LookNow.Instance, LookInterval);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private void SayWhatIsDue()
    {
        var since = (long)(Now - _lastDue).TotalMilliseconds;
        var longest = (long)_context.CheckpointInterval.TotalMilliseconds;
        if (_lanes[typeof(StoreWanted)].IsBusy || _lanes[typeof(ConfirmWanted)].IsBusy
            || !CheckpointPace.IsDue(since, (long)_lastTook.TotalMilliseconds, _context.Buckets.MostChangedCells, longest))
            return;
        _lastDue = Now;
        _lastTook = TimeSpan.Zero;
        _context.Buckets.Tell(CheckpointDue.Instance);
    }

    private void AddLane<TRequest>(
        Func<IReadOnlyList<TRequest>, CancellationToken, Task<IReadOnlyList<object>>> ask,
        Func<TRequest, StorageException, object> unanswered)
        where TRequest : ICheckpointRequest => _lanes.Add(typeof(TRequest), new Lane(
            (requests, stopping) => ask([.. requests.Cast<TRequest>()], stopping),
            (request, fault) => unanswered((TRequest)request, fault)));

    private void Run(Lane lane)
    {
        if (lane.IsBusy || lane.Waiting.Count == 0)
            return;
        lane.IsBusy = true;
        var requests = lane.Waiting;
        lane.Waiting = [];
        AskAsync(lane, requests, Now, _stopping.Token).PipeTo(Self);
    }

    private static async Task<Ended> AskAsync(
        Lane lane, List<(ICheckpointRequest Request, IActorRef From)> requests, DateTimeOffset began, CancellationToken stopping)
    {
        try
        {
            var answers = await lane.Ask([.. requests.Select(each => each.Request)], stopping).ConfigureAwait(false);
            // What is refused is no reason to wait: the database does everything else.
            var unknown = answers.OfType<StatementEnded>().FirstOrDefault(each => each.Outcome.Result == StatementResult.Unknown);
            return new Ended(lane, began, unknown?.Outcome.Fault, [.. requests.Zip(answers, (request, answer) => (request.From, answer))]);
        }
        catch (Exception exception)
        {
            // Whatever it was: a bucket that gets no answer would stand still without a word.
            var fault = exception as StorageException ?? new StorageException(OneLine(exception), exception);
            return new Ended(lane, began, fault, [.. requests.Select(each => (each.From, lane.Unanswered(each.Request, fault)))])
            {
                IsOwnFault = exception is not (StorageException or OperationCanceledException),
            };
        }
    }

    private void Handle(Ended message)
    {
        var lane = message.Lane;
        var isStoring = lane == _lanes[typeof(StoreWanted)];
        var isConfirming = lane == _lanes[typeof(ConfirmWanted)];
        var writes = isStoring || lane == _lanes[typeof(TakeoverWanted)];
        // What is waited for a database that does not answer is no work of its, nor what it refuses again and again.
        if (isStoring && message.Fault is null && !message.Answers.Any(each => each.Answer is StatementEnded { Outcome.Result: StatementResult.Refused }))
            _lastTook += Now - message.Began;
        foreach (var ended in message.Answers.Select(each => each.Answer).OfType<StatementEnded>())
        {
            if (ended.Outcome.Result == StatementResult.Stored)
                _context.Statistics.Stored(ended.Statement.Counts.Count);
            else if (ended.Outcome.Result is StatementResult.Unknown or StatementResult.Refused)
                _context.Statistics.Failed();
        }

        if (message.Fault is null)
        {
            lane.BackOff = FirstBackOff;
            if (writes)
                _outages.Succeeded();
            else if (isConfirming)
                _confirmations.Succeeded();
            Self.Tell(new Resume(lane, message.Answers));
            return;
        }

        if (message.Fault is DeclaredOtherwiseException otherwise)
            Context.System.EventStream.Publish(new DeclarationReplaced(otherwise.Message));
        else if (isConfirming)
            _confirmations.Failed(message.Fault.Message, Now);
        else if (message.IsOwnFault)
            OwnFault.Publish(
                Context.System.EventStream, isStoring ? "Storing checkpoints" : "Asking the database for buckets", message.Fault.InnerException!);
        else if (writes)
            _outages.Failed(message.Fault);
        // A bucket asks again at once, so it is the answer that has to wait.
        Timers.StartSingleTimer(lane, new Resume(lane, message.Answers), lane.BackOff);
        lane.BackOff = TimeSpan.FromTicks(Math.Min(lane.BackOff.Ticks * 2, LongestBackOff.Ticks));
    }

    // What Pulse itself throws says all that people need.
    private static string OneLine(Exception exception)
    {
        var text = exception.Message.ReplaceLineEndings(" ");
        return exception.GetType().Assembly == typeof(CheckpointWriter).Assembly ? text : $"{exception.GetType().Name}: {text}";
    }

    private static void Answer(IReadOnlyList<(IActorRef To, object Answer)> answers)
    {
        foreach (var (to, answer) in answers)
            to.Tell(answer, ActorRefs.NoSender);
    }

    private async Task<IReadOnlyList<object>> TakeOverAsync(IReadOnlyList<TakeoverWanted> requests, CancellationToken stopping)
    {
        var rows = await _store.TakeOverAsync([.. requests.Select(each => each.Bucket).Distinct()], stopping).ConfigureAwait(false);
        return [.. requests.Select(each => EndOf(each, rows.GetValueOrDefault(each.Bucket)))];
    }

    // The database answers: what is wrong is the matter of this bucket alone, and nobody else waits for it.
    private static TakeoverEnded EndOf(TakeoverWanted request, BucketRow? row)
    {
        try
        {
            return new TakeoverEnded(request.Attempt, BucketRows.RequireUsable(request.Bucket, row));
        }
        catch (StorageException wrong)
        {
            return new TakeoverEnded(request.Attempt, null, wrong.Message);
        }
    }

    // What is asked here leaves after all of these have frozen: whoever freezes later waits for the next question.
    private async Task<IReadOnlyList<object>> ConfirmAsync(IReadOnlyList<ConfirmWanted> requests, CancellationToken stopping)
    {
        var stream = await _context.AskStream(stopping).ConfigureAwait(false);
        return [.. requests.Select(each => new StreamConfirmed(each.Frozen, stream))];
    }

    private async Task<IReadOnlyList<object>> StoreAsync(IReadOnlyList<StoreWanted> requests, CancellationToken stopping)
    {
        Window? reportedFrom = requests.Any(each => each.WantsCounts) ? new Window(0) : null;
        var outcomes = await _store.StoreAsync([.. requests.Select(each => each.Statement)], reportedFrom, stopping)
            .ConfigureAwait(false);
        return [.. requests.Select((each, index) => new StatementEnded(each.Statement, outcomes[index]))];
    }

    private async Task<IReadOnlyList<object>> LookAsync(IReadOnlyList<LookWanted> requests, CancellationToken stopping)
    {
        var checkpoints = await _store.ReadCheckpointsAsync([.. requests.Select(each => each.Bucket).Distinct()], stopping)
            .ConfigureAwait(false);
        return
        [
            .. requests.Select(each => new LookEnded(
                each.Look, WasRead: true, checkpoints.TryGetValue(each.Bucket, out var checkpoint) ? checkpoint : null)),
        ];
    }

    private async Task<IReadOnlyList<object>> ReadCellsAsync(IReadOnlyList<CellsWanted> requests, CancellationToken stopping)
    {
        // A bucket that came up anew asks again; its newest question counts.
        var asked = requests.GroupBy(each => each.Bucket).ToDictionary(each => each.Key, each => each.Last().Cells);
        var read = await CellReader.ReadAsync(_store, asked, _context.RollupOf, stopping).ConfigureAwait(false);
        return [.. requests.Select(each => new CellsEnded(read.GetValueOrDefault(each.Bucket)))];
    }

    /// <summary>Questions of one kind: one is asked at a time, for all that came up meanwhile.</summary>
    private sealed class Lane(
        Func<IReadOnlyList<ICheckpointRequest>, CancellationToken, Task<IReadOnlyList<object>>> ask,
        Func<ICheckpointRequest, StorageException, object> unanswered)
    {
        /// <summary>Asks for several; the answers are in their order.</summary>
        public Func<IReadOnlyList<ICheckpointRequest>, CancellationToken, Task<IReadOnlyList<object>>> Ask => ask;

        /// <summary>What a request is answered where the database does not say.</summary>
        public Func<ICheckpointRequest, StorageException, object> Unanswered => unanswered;

        public List<(ICheckpointRequest Request, IActorRef From)> Waiting { get; set; } = [];

        public bool IsBusy { get; set; }

        public TimeSpan BackOff { get; set; } = FirstBackOff;
    }

    private sealed record Ended(
        Lane Lane, DateTimeOffset Began, StorageException? Fault, IReadOnlyList<(IActorRef To, object Answer)> Answers)
        : INoSerializationVerificationNeeded
    {
        /// <summary>Whether it is none of the database's.</summary>
        public bool IsOwnFault { get; init; }
    }

    private sealed record Resume(Lane Lane, IReadOnlyList<(IActorRef To, object Answer)> Answers) : INoSerializationVerificationNeeded;

    private sealed record Pace : INoSerializationVerificationNeeded
    {
        public static Pace Instance { get; } = new();
    }

    private sealed record LookNow : INoSerializationVerificationNeeded
    {
        public static LookNow Instance { get; } = new();
    }
}
