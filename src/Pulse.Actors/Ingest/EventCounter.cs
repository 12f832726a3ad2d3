using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Decodes the records of one session of one partition and counts them into its tally: every event once per rollup,
/// every bad record once in the ledger of dead letters.
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
    private EventDecoder _decoder;
    private RollupKeys[] _rollups;
    private readonly Dictionary<BadRecordReason, KeyTally> _deadLetterKeys = [];
    private readonly int[] _valueIds;
    private readonly long _windowSeconds;
    private readonly LateRule _late;
    private int _maximumKeys = MaximumKeys;
    private long _eventsSinceForgotten;

    /// <param name="catalog">The rollups to count.</param>
    /// <param name="windowLength">The length of every window; whole seconds.</param>
    /// <param name="allowedLateness">See <see cref="LateRule"/>.</param>
    /// <param name="tally">The session's tally.</param>
    public EventCounter(RollupCatalog catalog, TimeSpan windowLength, TimeSpan? allowedLateness, PartitionTally tally)
    {
        _catalog = catalog;
        _windowSeconds = (long)windowLength.TotalSeconds;
        _late = new LateRule(allowedLateness);
        Tally = tally;
        _decoder = DecoderFor(catalog);
        _valueIds = new int[_decoder.Dimensions.Count];
        _rollups = NewKeys();
    }

    /// <summary>The session's tally.</summary>
    public PartitionTally Tally { get; }

    /// <summary>
    /// Forgets values and keys where they have become very many: a rollup can have endlessly many, and each of a node's
    /// partitions remembers its own. They come back as they are met. To be called when the deltas have been taken, so that
    /// a delta seldom holds a key twice.
    /// </summary>
    public void ForgetKeys()
    {
        var keys = _rollups.Sum(rollup => rollup.Count);
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
        _decoder = DecoderFor(_catalog);
        _rollups = NewKeys();
    }

    /// <summary>Counts a batch that starts at or after the tally's position.</summary>
    /// <param name="batch">The records.</param>
    /// <param name="deadLetters">Receives the bad ones: index in the batch and reason.</param>
    public void Count(RecordBatch batch, List<(int Index, BadRecord Why)> deadLetters)
    {
        for (var index = 0; index < batch.Count; index++)
        {
            var offset = batch.Offset(index);
            var recordTime = batch.UnixMilliseconds(index);
            var bad = _decoder.Decode(batch.Value(index), recordTime, _valueIds, out var eventTime);
            if (bad.IsBad)
            {
                deadLetters.Add((index, bad));
                Tally.Count(DeadLetterKey(bad.Reason), Window.Containing(recordTime, _windowSeconds), offset);
                continue;
            }

            var window = Window.Containing(eventTime, _windowSeconds);
            Window? counted = _late.IsLate(window, recordTime) ? null : window;
            foreach (var rollup in _rollups)
                Tally.Count(rollup.Find(_valueIds), counted, offset);
        }

        _eventsSinceForgotten += batch.Count;
        Tally.Advance(batch.NextOffset);
    }

    private static EventDecoder DecoderFor(RollupCatalog catalog) =>
        new(Dimension.Of(catalog.Rollups));

    private RollupKeys[] NewKeys() =>
        [.. _catalog.Rollups.Select(rollup => new RollupKeys(rollup, _decoder, Tally))];

    private KeyTally DeadLetterKey(BadRecordReason reason)
    {
        if (_deadLetterKeys.TryGetValue(reason, out var tally))
            return tally;

        var key = new RollupKey(reason.ToString());
        tally = Tally.Key(BucketId.Owning(DeadLetters.Rollup, key), key);
        _deadLetterKeys.Add(reason, tally);
        return tally;
    }
}
