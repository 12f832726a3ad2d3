using Pulse.Counting;
using Pulse.Simulation.Tests.Cluster;

namespace Pulse.Simulation.Tests.Database;

/// <summary>
/// Statements on their way to the database. They are executed in any order; their senders may be dead, or wait no longer,
/// when they are.
/// </summary>
internal sealed class DatabaseQueue(Scenario scenario)
{
    private readonly List<DatabaseRequest> _requests = [];
    private readonly List<DatabaseRequest> _delayed = [];

    public bool IsEmpty => _requests.Count == 0 && _delayed.Count == 0;

    public void Add(DatabaseRequest request) => _requests.Add(request);

    /// <summary>Executes one statement, and answers.</summary>
    public void Execute(bool losesAnswers) => Execute(_requests, losesAnswers);

    /// <summary>Executes one of those that were long on their way.</summary>
    public void ExecuteLate() => Execute(_delayed, losesAnswers: false);

    /// <summary>The statements of a bucket that waits no longer are on their way for long.</summary>
    public void Delay(BucketActor bucket)
    {
        _delayed.AddRange(_requests.Where(each => each.Sender == bucket));
        _requests.RemoveAll(each => each.Sender == bucket);
    }

    /// <summary>A statement is lost before the database gets it.</summary>
    public void Lose()
    {
        if (_requests.Count > 0)
            ConnectionLost(TakeAny(_requests));
    }

    private void Execute(List<DatabaseRequest> requests, bool losesAnswers)
    {
        if (requests.Count == 0 || scenario.Database.IsAway)
            return;
        var request = TakeAny(requests);
        var answer = request switch
        {
            DatabaseRequest.TakeOver each => Execute(each),
            DatabaseRequest.Store each => Execute(each),
            DatabaseRequest.Look each => Execute(each),
            DatabaseRequest.Cells each => Execute(each),
            _ => throw new InvalidOperationException($"{request} is unknown."),
        };
        if (!losesAnswers || !scenario.Random.Chance(20))
        {
            scenario.Reply(request.Sender, answer);
            return;
        }

        scenario.Watch.AnswerLost(request);
        ConnectionLost(request);
    }

    private DatabaseRequest TakeAny(List<DatabaseRequest> requests)
    {
        var request = scenario.Random.Pick(requests);
        requests.Remove(request);
        return request;
    }

    // Its sender hears of that, or waits until it gives up.
    private void ConnectionLost(DatabaseRequest request)
    {
        if (scenario.Random.Chance(50))
            return;
        var bucket = request.Sender;
        scenario.Reply(bucket, () => bucket.Tell(() => Fail(bucket.Machine, request)));
    }

    private static void Fail(BucketCheckpointing bucket, DatabaseRequest request)
    {
        switch (request)
        {
            case DatabaseRequest.TakeOver each:
                bucket.TakeoverFailed(each.Attempt);
                break;
            case DatabaseRequest.Store each:
                bucket.OutcomeUnknown(each.Statement.Next);
                break;
            case DatabaseRequest.Look each:
                bucket.CheckpointUnread(each.Number);
                break;
        }
    }

    private Action Execute(DatabaseRequest.TakeOver request)
    {
        var sender = request.Sender;
        if (scenario.Database.TakeOver(sender.Bucket, sender.ClientValue, sender.IsRaised) is not { } row)
        {
            scenario.Say($"database: {sender} has no row of its declaration");
            scenario.See(History.TakeoverOfAnotherDeclaration);
            // It stands still, and asks again when it has waited long enough.
            return () => { };
        }

        scenario.Say($"database: {sender} takes over at {row.Positions}");
        scenario.Watch.TakeoverExecuted(request);
        var beginning = scenario.Auditor.TakeoverExecuted(sender.Bucket);
        return () =>
        {
            if (sender.Machine.Phase == BucketPhase.TakingOver && request.Attempt == sender.Attempt)
                sender.Beginning = beginning;
            sender.TakenOver(request.Attempt, row);
        };
    }

    private Action Execute(DatabaseRequest.Store request)
    {
        var (sender, statement) = (request.Sender, request.Statement);
        var before = scenario.Database.Rows[sender.Bucket];
        if (scenario.Database.RefusedBucket == sender.Bucket)
        {
            scenario.Say($"database: {sender} is refused {statement.Positions}");
            return () => sender.Refused(statement);
        }

        var isStored = scenario.Database.Store(sender.Bucket, statement);
        var after = scenario.Database.Rows[sender.Bucket];
        scenario.Say($"database: {sender} {(isStored ? "stores" : "does not store")} {statement.Positions}");
        scenario.Watch.StoreExecuted(request, isStored);
        if (!isStored)
            return () => sender.Tell(() => sender.Machine.NotStored(statement.Next));
        scenario.Auditor.RowChanged(sender.Bucket, before, after);
        return () => sender.Stored(statement, Returned(statement, after));
    }

    private Action Execute(DatabaseRequest.Look request)
    {
        // A row that nobody has taken over yet is none: the database may have gone back so far.
        var (sender, row) = (request.Sender, scenario.Database.Rows[request.Sender.Bucket]);
        CheckpointId? found = row == DatabaseRow.Empty ? null : row.Checkpoint;
        return () => sender.Tell(() => sender.Machine.CheckpointRead(request.Number, found));
    }

    private Action Execute(DatabaseRequest.Cells request)
    {
        var (sender, row) = (request.Sender, scenario.Database.Rows[request.Sender.Bucket]);
        KeyCount[] counts = [.. request.Names.Select(cell => new KeyCount(cell.Key, cell.Window, row.Counts.GetValueOrDefault(cell)))];
        return () => sender.Tell(() => sender.Machine.CellsRead(row.Checkpoint, counts));
    }

    // Of some statements, pages hold no window.
    private KeyCount[] Returned(CheckpointStatement statement, DatabaseRow row) => scenario.Random.Chance(50)
        ? []
        : [.. statement.Counts.Select(count => count with { Count = row.Counts[(count.Key, count.Window)] })];
}
