using Pulse.Actors.Counting;
using Pulse.Actors.Events;
using Pulse.Actors.Rollups;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Decodes the records of one session of one partition and counts them into its tally: every event once per rollup,
/// every bad record once in the ledger of dead letters.
/// </summary>
internal sealed class EventCounter
{
    private readonly EventDecoder _decoder;
    private readonly RollupKeys[] _rollups;
    private readonly Dictionary<BadRecordReason, KeyTally> _deadLetterKeys = [];
    private readonly int[] _valueIds;
    private readonly long _windowSeconds;

    /// <param name="catalog">The rollups to count.</param>
    /// <param name="decoder">Decodes at least the rollups' dimensions; outlives sessions, as its values do.</param>
    /// <param name="windowLength">The length of every window; whole seconds.</param>
    /// <param name="tally">The session's tally.</param>
    public EventCounter(RollupCatalog catalog, EventDecoder decoder, TimeSpan windowLength, PartitionTally tally)
    {
        _decoder = decoder;
        _valueIds = new int[decoder.Dimensions.Count];
        _windowSeconds = (long)windowLength.TotalSeconds;
        _rollups = [.. catalog.Rollups.Select(rollup => new RollupKeys(rollup, decoder, tally))];
        Tally = tally;
    }

    /// <summary>The session's tally.</summary>
    public PartitionTally Tally { get; }

    /// <summary>The decoder that a catalogue's rollups need.</summary>
    public static EventDecoder DecoderFor(RollupCatalog catalog) =>
        new([.. catalog.Rollups.SelectMany(rollup => rollup.Dimensions).Distinct()]);

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
            foreach (var rollup in _rollups)
                Tally.Count(rollup.Find(_valueIds), window, offset);
        }

        Tally.Advance(batch.NextOffset);
    }

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
