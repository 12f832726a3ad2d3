using Pulse.Counting;
using Pulse.Simulation.Tests.Cluster;

namespace Pulse.Simulation.Tests.Broker;

/// <summary>
/// Questions to the broker: what the topic is, and what a log spans. Answers may be long on their way, and come twice. What
/// a session's client tells it by itself may be long on its way as well.
/// </summary>
internal sealed class BrokerQuestions(Scenario scenario)
{
    private readonly List<(BucketActor Asker, CheckpointId Frozen)> _streams = [];
    private readonly List<(BucketActor Asker, CheckpointId Frozen, string Stream)> _answered = [];
    private readonly List<(SessionActor Asker, int Question)> _spans = [];
    private readonly List<(SessionActor Session, Action<IngestSession> Word)> _words = [];

    public bool IsEmpty => _streams.Count == 0 && _spans.Count == 0 && _words.Count == 0;

    public void AskForStream(BucketActor asker, CheckpointId frozen) => _streams.Add((asker, frozen));

    public void AskForSpan(SessionActor asker, int question) => _spans.Add((asker, question));

    /// <summary>The client of a session has something to tell it.</summary>
    public void Tell(SessionActor session, Action<IngestSession> word) => _words.Add((session, word));

    /// <summary>The broker answers one question of each kind.</summary>
    public void Answer()
    {
        AnswerAgain();
        AnswerStream();
        AnswerSpan();
        DeliverWord();
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
        var (begin, end) = (log.Begin, log.End);
        Tell(asker, session =>
        {
            scenario.Say($"{asker} hears that the log spans {begin} to {end}");
            session.LogSpans(question, begin, end);
        });
    }

    private void DeliverWord()
    {
        if (_words.Count == 0 || !scenario.Random.Chance(10))
            return;
        var index = scenario.Random.Below(_words.Count);
        var (session, word) = _words[index];
        _words.RemoveAt(index);
        scenario.Reply(session, () => session.Tell(() => word(session.Machine)));
    }

    private void Hears(BucketActor asker, CheckpointId frozen, string stream)
    {
        scenario.Say($"{asker} hears that the topic is {stream}");
        scenario.Watch.HearsStream(asker, () => asker.Tell(() => asker.Machine.StreamIs(frozen, stream)));
    }
}
