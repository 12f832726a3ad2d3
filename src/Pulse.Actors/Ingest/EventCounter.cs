using Pulse.Actors.Broker;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Decodes the records of one partition and tells its session of each, once for every version: events are counted by all
/// rollups, bad records by that of dead letters. So of each version, counted + late + dead + filtered = consumed.
/// </summary>
internal sealed class EventCounter
{
    /// <summary>How many keys a session remembers before it forgets them all; see <see cref="ForgetKeys"/>.</summary>
    public const int MaximumKeys = 50_000;

    /// <summary>
    /// The same where most keys come once: they only wait for the garbage collector to move them, so they had better die
    /// young.
    /// </summary>
    public const int MaximumSeldomKeys = 4_096;

    private readonly RollupCatalog _catalog;
    private readonly CountingRules _rules;
    private readonly IngestSession _session;
    private readonly int _deadLetters;
    private EventDecoder _decoder;
    private RollupKeys[] _rollups;
    private readonly Dictionary<BadRecordReason, KeyTally> _deadLetterKeys = [];
    private readonly int[] _valueIds;
    private readonly long _windowSeconds;
    private readonly LateRule _late;
    private int _maximumKeys = MaximumKeys;
    private long _eventsSinceForgotten;

    /// <param name="catalog">The rollups to count.</param>
    /// <param name="rules">The rules by which they are counted.</param>
    /// <param name="session">
    /// The session; its versions are those of the catalogue's rollups, in their order, and then that of dead letters.
    /// </param>
    public EventCounter(RollupCatalog catalog, CountingRules rules, IngestSession session)
    {
        _catalog = catalog;
        _session = session;
        _deadLetters = catalog.Rollups.Length;
        _rules = rules;
        _windowSeconds = (long)rules.WindowLength.TotalSeconds;
        _late = new LateRule(rules.AllowedLateness);
        _decoder = NewDecoder();
        _valueIds = new int[_decoder.Dimensions.Count];
        _rollups = NewKeys();
    }

    /// <summary>How many values are remembered of the dimension with most.</summary>
    internal int MostValues => Enumerable.Range(0, _decoder.Dimensions.Count).Max(_decoder.ValueCount);

    /// <summary>
    /// Forgets values and keys where they have become very many: a rollup can have endlessly many, and each of a node's
    /// partitions remembers its own. They come back as they are met; what was counted for them is the session's. To be called
    /// after a flush, so that a delta seldom holds a key twice.
    /// </summary>
    public void ForgetKeys()
    {
        // Of bad records, values are met without a key.
        var keys = Math.Max(_rollups.Sum(rollup => rollup.Count), MostValues);
        if (keys <= _maximumKeys)
            return;

        var maximum = _eventsSinceForgotten < 2L * keys ? MaximumSeldomKeys : MaximumKeys;
        _eventsSinceForgotten = 0;
        if (maximum == _maximumKeys)
        {
            _decoder.Forget();
            foreach (var rollup in _rollups)
                rollup.Clear();
            return;
        }

        // Large tables are slow to clear, small ones to grow.
        _maximumKeys = maximum;
        _decoder = NewDecoder();
        _rollups = NewKeys();
    }

    /// <summary>Counts a batch, if the session takes it.</summary>
    /// <param name="batch">The records.</param>
    /// <param name="deadLetters">Receives the bad ones: index in the batch and reason.</param>
    /// <returns>Whether the session takes it.</returns>
    public bool Count(RecordBatch batch, List<(int Index, BadRecord Why)> deadLetters)
    {
        if (!_session.Begin(batch.Reading, batch.Start))
            return false;
        for (var index = 0; index < batch.Count; index++)
        {
            var offset = batch.Offset(index);
            var recordTime = batch.UnixMilliseconds(index);
            var bad = _decoder.Decode(batch.Value(index), recordTime, _valueIds, out var eventTime);
            if (bad.IsBad)
            {
                deadLetters.Add((index, bad));
                CountDead(bad.Reason, TimeRange.Holds(recordTime) ? recordTime : TimeRange.First, offset);
            }
            else
                CountEvent(Window.Containing(eventTime, _windowSeconds), recordTime, offset);
            _session.Handled(offset, batch.Epoch(index));
        }

        _eventsSinceForgotten += batch.Count;
        _session.EndBatch(batch.NextOffset);
        return true;
    }

    private void CountEvent(Window window, long recordTime, long offset)
    {
        if (_late.IsLate(window, recordTime))
        {
            for (var version = 0; version < _rollups.Length; version++)
                _session.Late(version, offset);
        }
        else
        {
            foreach (var rollup in _rollups)
                _session.Count(rollup.Find(_valueIds), window, offset);
        }

        _session.Filtered(_deadLetters, offset);
    }

    private void CountDead(BadRecordReason reason, long time, long offset)
    {
        for (var version = 0; version < _rollups.Length; version++)
            _session.Dead(version, offset);
        _session.Count(DeadLetterKey(reason), Window.Containing(time, _windowSeconds), offset);
    }

    private EventDecoder NewDecoder() => new(Dimension.Of(_catalog.Rollups), _rules.MaximumSkew);

    private RollupKeys[] NewKeys() =>
        [.. _catalog.Rollups.Select((rollup, version) => new RollupKeys(rollup, version, _decoder, _session))];

    private KeyTally DeadLetterKey(BadRecordReason reason)
    {
        if (_deadLetterKeys.TryGetValue(reason, out var counter))
            return counter;

        var key = new RollupKey(reason.ToString());
        counter = _session.Key(_deadLetters, BucketId.NumberOf(DeadLetters.Rollup, key), key);
        _deadLetterKeys.Add(reason, counter);
        return counter;
    }
}
