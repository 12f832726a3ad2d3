using System.Collections.Concurrent;
using Akka.Actor;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Pulse.Actors.Broker;
using Pulse.Events;

namespace Pulse.Actors.Ingest.Sinks;

/// <summary>
/// Looks through ranges of the log for bad records and delivers them, on a thread of its own, since the client blocks. It lives
/// as long as all goes well; whoever is told that it ended starts another one. Nothing but what it tells is remembered of it.
/// </summary>
internal sealed class DeadLetterCourier
{
    private const int MaximumLetters = 500;
    private const int MaximumBytes = 4 * 1024 * 1024;
    private const int RecordsUntilForgotten = 10_000;
    private static readonly TimeSpan IdlePatience = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BusyPatience = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(500);

    private readonly KafkaSettings _settings;
    private readonly EventDecoder _decoder;
    private readonly int[] _valueIds;
    private readonly IActorRef _sink;
    private readonly ClientMonitor _monitor;
    private readonly ILogger _log;
    private readonly ConcurrentQueue<(SinkReading Reading, bool Begins)> _requests = new();
    private readonly List<(int SourcePartition, Message<byte[], byte[]> Record)> _letters = [];
    private readonly HashSet<SinkReading> _moved = [];
    private int _letterBytes;
    private int _records;
    private long _nextReport;
    private volatile bool _stopping;

    private DeadLetterCourier(KafkaSettings settings, SinkRules rules, IActorRef sink, ClientMonitor monitor, ILogger log)
    {
        (_settings, _sink, _monitor, _log) = (settings, sink, monitor, log);
        _decoder = rules.NewDecoder();
        _valueIds = new int[_decoder.Dimensions.Count];
    }

    /// <summary>Starts it; it connects at once.</summary>
    /// <param name="settings">The brokers and topics.</param>
    /// <param name="rules">What records are judged by.</param>
    /// <param name="sink">Receives <see cref="LettersSent"/>, <see cref="RecordsGone"/> and at last <see cref="CourierEnded"/>.</param>
    /// <param name="monitor">Receives what the client says of itself.</param>
    /// <param name="log">Receives what the client has to say.</param>
    public static DeadLetterCourier Start(
        KafkaSettings settings, SinkRules rules, IActorRef sink, ClientMonitor monitor, ILogger log)
    {
        var courier = new DeadLetterCourier(settings, rules, sink, monitor, log);
        new Thread(courier.Run) { IsBackground = true, Name = "pulse-dead-letters" }.Start();
        return courier;
    }

    /// <summary>Looks through a range, in place of any other one of its partition.</summary>
    public void Read(SinkReading reading) => _requests.Enqueue((reading, true));

    /// <summary>Leaves a range.</summary>
    public void Leave(SinkReading reading) => _requests.Enqueue((reading, false));

    /// <summary>Ends it soon; what it has not told by then counts as not sent.</summary>
    public void Stop() => _stopping = true;

    private void Run()
    {
        string? problem = null;
        RangeReader? source = null;
        DeadLetterTopic? topic = null;
        try
        {
            source = new RangeReader(_settings, _log);
            topic = new DeadLetterTopic(_settings, source.Handle, _monitor, _log);
            while (!_stopping)
                Step(source, topic);
        }
        catch (IngestException exception)
        {
            problem = exception.Message;
        }
        catch (Exception exception)
        {
            problem = $"Dead letters can't be sent: {exception.Message}";
        }

        _sink.Tell(new CourierEnded(this, problem));
        // That a client is closed may take a while, and nobody waits for it.
        topic?.Dispose();
        source?.Dispose();
    }

    private void Step(RangeReader source, DeadLetterTopic topic)
    {
        while (_requests.TryDequeue(out var request))
        {
            if (request.Begins)
                source.Begin(request.Reading);
            else
                source.End(request.Reading);
        }

        var record = source.Take(_letters.Count == 0 ? IdlePatience : BusyPatience, out var outside);
        if (outside is not null)
            MoveOverGap(source, outside);
        else if (record is not null && source.ReadingOf(record.Partition.Value) is { } reading)
            Look(source, record, reading);

        if (record is null || _letters.Count >= MaximumLetters || _letterBytes >= MaximumBytes || Environment.TickCount64 >= _nextReport)
            Deliver(topic);
    }

    private void Look(RangeReader source, ConsumeResult<byte[], byte[]> record, SinkReading reading)
    {
        _moved.Add(reading);
        if (record.IsPartitionEOF || record.Offset.Value >= reading.To)
        {
            // Where the log ends before the range does, the rest is waited for.
            reading.Position = Math.Clamp(record.Offset.Value, reading.Position, reading.To);
        }
        else if (record.Offset.Value >= reading.Position)
        {
            Judge(record, reading);
            reading.Position = record.Offset.Value + 1;
        }

        if (reading.IsDone)
            source.End(reading);
    }

    private void Judge(ConsumeResult<byte[], byte[]> record, SinkReading reading)
    {
        // Values of dimensions may be endlessly many, and nobody asks for those that are decoded here.
        if (++_records % RecordsUntilForgotten == 0)
            _decoder.Forget();
        var (message, time) = (record.Message, record.Message.Timestamp.UnixTimestampMs);
        var bad = _decoder.Decode(message.Value, time, _valueIds, out _);
        if (!bad.IsBad)
            return;
        _letters.Add((
            reading.Partition.Partition,
            DeadLetter.Of(bad, record.TopicPartitionOffset, time, message.Key, message.Value, message.Headers)));
        _letterBytes += (message.Key?.Length ?? 0) + (message.Value?.Length ?? 0);
        reading.Found++;
    }

    private void Deliver(DeadLetterTopic topic)
    {
        if (_letters.Count > 0)
            topic.Send(_letters);
        _letters.Clear();
        _letterBytes = 0;
        foreach (var reading in _moved)
        {
            _sink.Tell(new LettersSent(reading, reading.Position, reading.Found));
            reading.Found = 0;
        }

        _moved.Clear();
        _nextReport = Environment.TickCount64 + (long)ReportInterval.TotalMilliseconds;
    }

    private void MoveOverGap(RangeReader source, SinkReading reading)
    {
        var (begin, end) = source.LogSpan(reading);
        if (reading.Position >= begin)
            throw new IngestException(
                $"Bad records from offset {reading.Position} on can't be read again: the log of {reading.Partition} ends at {end}, so "
                + "it was cut or its topic was made again. They are sent when it has come so far, or reading starts over.");
        var next = Math.Min(begin, reading.To);
        _sink.Tell(new RecordsGone(reading, reading.Position, next));
        source.End(reading);
        reading.Position = next;
        _moved.Add(reading);
        if (!reading.IsDone)
            source.Begin(reading);
    }
}
