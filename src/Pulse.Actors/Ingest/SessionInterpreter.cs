using Akka.Actor;
using Akka.Event;
using Akka.Streams;
using Pulse.Actors.Broker;
using Pulse.Actors.Ingest.Sinks;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Ingest;

/// <summary>
/// What an ingestor does once it has its partition: brings its <see cref="IngestSession"/> news, answers and the time,
/// and carries out what the session wants. It decides nothing. Used by its ingestor alone, message by message.
/// </summary>
internal sealed class SessionInterpreter
{
    private readonly IngestContext _context;
    private readonly IActorRef _ingestor;
    private readonly IngestSession _session;
    private readonly EventCounter _counter;
    private readonly PartitionReader _reader;
    private readonly HandledRecords _handled;
    private readonly SessionReport _report;
    private readonly List<(int Index, BadRecord Why)> _bad = [];

    /// <param name="acquired">The partition, and how to reach Kafka.</param>
    /// <param name="context">What all ingestors of the node share.</param>
    /// <param name="ingestor">
    /// Receives what the parts of this answer, and is to pass it on; and at last the <see cref="SessionEffect.End"/>.
    /// </param>
    /// <param name="log">The ingestor's.</param>
    public SessionInterpreter(PartitionAcquired acquired, IngestContext context, IActorRef ingestor, ILoggingAdapter log)
    {
        var (assigned, reader, _) = acquired;
        (_context, _ingestor) = (context, ingestor);
        _session = new IngestSession(assigned.Partition, context.Versions, Random.Shared.NextInt64(), context.Limits);
        _counter = new EventCounter(context.Catalog, context.Rules, _session);
        _reader = new PartitionReader(acquired, ingestor);
        _handled = new HandledRecords(assigned.Partition, context.DeadLetters, ingestor);
        var group = new GroupOffset(reader, assigned, context.Statistics, log);
        _report = new SessionReport(_session, context.Statistics, group, log);
    }

    /// <summary>Begins.</summary>
    public void Start(IMaterializer materializer)
    {
        _reader.Start(materializer);
        _session.Start();
        CarryOut();
    }

    /// <summary>The source of batches is there.</summary>
    public void BatchesBegin(IActorRef source)
    {
        _reader.MayAsk(source);
        CarryOut();
    }

    /// <summary>Takes what there is to tell of the partition: counts a batch, or notes why there is none.</summary>
    public void Hear(PartitionNews news, IActorRef source)
    {
        _reader.MayAsk(source);
        switch (news)
        {
            case RecordBatch batch:
                Count(batch);
                break;
            case PositionNotFound:
                _session.PositionNotFound(news.Reading);
                break;
            case LogCut cut:
                _session.LogWasCut(news.Reading, cut.Detail, cut.At);
                break;
            case ReadingRefused refused:
                _session.ReadingRefused(news.Reading, refused.Reason);
                break;
        }

        CarryOut();
    }

    /// <summary>Buckets answered.</summary>
    public void Hear(SessionAnswers message)
    {
        foreach (var answer in message.Answers)
            _session.Answered(answer);
        CarryOut();
    }

    /// <summary>The broker said what the log holds, or did not.</summary>
    public void Hear(LogSpanAnswer message)
    {
        if (message.Span is { } span)
            _session.LogSpans(message.Question, span.Begin, span.End);
        CarryOut();
    }

    /// <summary>Does what is due.</summary>
    public void Do(Due due)
    {
        if (due.HasFlag(Due.Flush))
        {
            _session.Flush();
            _handled.TellOfBad();
        }

        if (due.HasFlag(Due.Tick))
        {
            _session.Tick();
            _handled.Tell();
        }

        if (due.HasFlag(Due.Report))
            _report.TellGroup();
        if (due.HasFlag(Due.Drain))
            _session.Drain();
        _counter.ForgetKeys();
        CarryOut();
    }

    private void Count(RecordBatch batch)
    {
        using (batch)
        {
            if (_counter.Count(batch, _bad))
            {
                _context.Statistics.Read(batch.Count, _bad.Count);
                _context.Statistics.Formats.Add(_session.Partition.Partition, batch, _bad);
                _handled.Add(batch, _bad);
                _report.Reads();
            }

            _bad.Clear();
        }
    }

    private void CarryOut()
    {
        var requests = new List<SessionEffect>();
        foreach (var effect in _session.TakeEffects())
        {
            switch (effect)
            {
                case SessionEffect.Seek seek:
                    _reader.Seek(seek);
                    break;
                case SessionEffect.AskLogSpan ask:
                    _reader.AskLogSpan(ask);
                    break;
                case SessionEffect.End end:
                    _report.Update([]);
                    _report.TellGroup();
                    _ingestor.Tell(end.Reason == SessionEnd.LogCut ? end with { Detail = _report.OfCut(end) } : end);
                    break;
                default:
                    requests.Add(effect);
                    break;
            }
        }

        if (requests.Count > 0)
            _context.Buckets.Tell(new SessionRequests(_session.Partition, requests), _ingestor);
        _report.Update(requests);
        if (_session.WantsRecords)
            _reader.AskForMore();
    }
}
