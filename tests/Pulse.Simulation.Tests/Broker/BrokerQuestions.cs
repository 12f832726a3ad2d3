using Pulse.Counting;
using Pulse.Simulation.Tests.Cluster;

namespace Pulse.Simulation.Tests.Broker;

/// <summary>Questions to the broker: what the topic is, and what a log spans. Answers may be long on their way, and come twice.</summary>
internal sealed class BrokerQuestions(Scenario scenario)
{
    private readonly List<(BucketActor Asker, CheckpointId Frozen)> _streams = [];
    private readonly List<(BucketActor Asker, CheckpointId Frozen, string Stream)> _answered = [];
    private readonly List<(SessionActor Asker, int Question)> _spans = [];
    private readonly List<(SessionActor Asker, int Question, long Begin, long End)> _late = [];

    public bool IsEmpty => _streams.Count == 0 && _spans.Count == 0 && _late.Count == 0;

    public void AskForStream(BucketActor asker, CheckpointId frozen) => _streams.Add((asker, frozen));

    public void AskForSpan(SessionActor asker, int question) => _spans.Add((asker, question));

    /// <summary>The broker answers one question of each kind.</summary>
    public void Answer()
    {
        AnswerAgain();
        AnswerStream();
        AnswerSpan();
        DeliverSpan();
    }

    // What an older question was answered comes again, just when it can do harm.
    private void AnswerAgain()
    {
        var index = _answered.FindIndex(each => each.Asker is { Machine.Phase: BucketPhase.Frozen, Node.IsAsleep: false });
        if (index < 0 || !scenario.Random.Chance(30))
            return;
        var (asker, frozen, stream) = _answered[index];
        _answered.RemoveAt(index);
        Hears(asker, frozen, stream);
    }

    private void AnswerStream()
    {
        if (_streams.Count == 0)
            return;
        var (asker, frozen) = scenario.Random.Pick(_streams);
        _streams.Remove((asker, frozen));
        var stream = scenario.Broker.Current;
        _answered.Add((asker, frozen, stream));
        scenario.Reply(asker, () => Hears(asker, frozen, stream));
    }

    private void AnswerSpan()
    {
        if (_spans.Count == 0)
            return;
        var (asker, question) = scenario.Random.Pick(_spans);
        _spans.Remove((asker, question));
        var log = scenario.Broker.CurrentLogs[asker.Partition];
        _late.Add((asker, question, log.Begin, log.End));
    }

    private void DeliverSpan()
    {
        if (_late.Count == 0 || !scenario.Random.Chance(30))
            return;
        var answer = scenario.Random.Pick(_late);
        _late.Remove(answer);
        var (asker, question, begin, end) = answer;
        scenario.Reply(asker, () =>
        {
            scenario.Say($"{asker} hears that the log spans {begin} to {end}");
            asker.Tell(() => asker.Machine.LogSpans(question, begin, end));
        });
    }

    private void Hears(BucketActor asker, CheckpointId frozen, string stream)
    {
        scenario.Say($"{asker} hears that the topic is {stream}");
        scenario.Watch.HearsStream(asker, () => asker.Tell(() => asker.Machine.StreamIs(frozen, stream)));
    }
}
