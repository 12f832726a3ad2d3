using Confluent.Kafka;

namespace Pulse.Actors.Broker;

/// <summary>
/// Says why a Kafka client does not get on: it hears what the client logs, keeps the most telling of it, and forgets everything
/// when a broker answers. Used from any thread.
/// </summary>
/// <remarks>
/// Give <see cref="Hear(Confluent.Kafka.LogMessage)"/> and <see cref="Hear(Confluent.Kafka.Error)"/> to the client's builder as its handlers, and call
/// <see cref="Answered"/> when a record or an answer came.
/// </remarks>
public sealed class ConnectionDiagnosis
{
    // What is true is said again and again; what was not said for so long may be over.
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Symptom> _symptoms = [];
    private readonly ConnectionReasons _reasons;
    private readonly TimeProvider _time;

    /// <summary>Makes one for a client.</summary>
    /// <param name="bootstrapServers">The configured brokers, <c>host:port</c> separated by commas.</param>
    /// <param name="client">The client's configured properties.</param>
    /// <param name="time">Null for the system's clock.</param>
    public ConnectionDiagnosis(string bootstrapServers, IReadOnlyDictionary<string, string> client, TimeProvider? time = null)
    {
        _reasons = new ConnectionReasons(bootstrapServers, client);
        _time = time ?? TimeProvider.System;
    }

    /// <summary>What keeps the client from its brokers, in one line with the setting and what to do; null while nothing does.</summary>
    public string? Problem => Worst()?.Failure.ToString();

    /// <summary>The same in parts.</summary>
    public ConnectionFailure? Failure => Worst()?.Failure;

    /// <summary>The handler of the client's log.</summary>
    public void Hear(LogMessage message)
    {
        // What is logged for debugging looks alike, and nothing is wrong.
        if (message.Level <= SyslogLevel.Info)
            Hear(message.Message);
    }

    /// <summary>The handler of the client's errors.</summary>
    public void Hear(Error error) => Hear(error.Reason);

    /// <summary>A broker has answered: what was said before is over.</summary>
    public void Answered()
    {
        lock (_lock)
            _symptoms.Clear();
    }

    /// <summary>
    /// A broker has answered, maybe at a configured address: that proves nothing of the addresses that brokers give for themselves. The
    /// client says only once in half a minute that it can't connect to one, so this must not be forgotten.
    /// </summary>
    public void AnsweredSomewhere()
    {
        lock (_lock)
        {
            foreach (var (address, symptom) in _symptoms)
            {
                if (symptom.Failure.Kind != ConnectionFailureKind.Advertised)
                    _symptoms.Remove(address);
            }
        }
    }

    /// <summary>Whether a failure that waiting does not mend goes on for so long, and was met more than once.</summary>
    public bool IsLasting(TimeSpan patience)
    {
        lock (_lock)
            return Worst() is { Failure.Kind: not ConnectionFailureKind.Away, Times: > 1 } worst && worst.Last - worst.First >= patience;
    }

    private void Hear(string line)
    {
        if (_reasons.Read(line) is not { } failure)
            return;
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            var known = _symptoms.GetValueOrDefault(failure.Address);
            if (known is null || now - known.Last > Lifetime || known.Failure.Kind < failure.Kind)
                _symptoms[failure.Address] = new Symptom(failure, now, now, 1);
            // The same kind in other words is the same: times and states differ from line to line.
            else if (known.Failure.Kind == failure.Kind)
                _symptoms[failure.Address] = new Symptom(failure, known.First, now, known.Times + 1);
        }
    }

    private Symptom? Worst()
    {
        lock (_lock)
        {
            var oldest = _time.GetUtcNow() - Lifetime;
            return _symptoms.Values.Where(symptom => symptom.Last >= oldest)
                .OrderByDescending(symptom => symptom.Failure.Kind).ThenByDescending(symptom => symptom.Last).FirstOrDefault();
        }
    }

    private sealed record Symptom(ConnectionFailure Failure, DateTimeOffset First, DateTimeOffset Last, int Times);
}
