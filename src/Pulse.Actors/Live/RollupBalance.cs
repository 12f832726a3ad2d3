using System.Globalization;
using Pulse.Counting;

namespace Pulse.Actors.Live;

/// <summary>What became of a rollup's records, as of a cut: a moment at which all its buckets stood at equal positions.</summary>
/// <param name="Rollup">The rollup's name.</param>
/// <param name="SeenUtc">When the buckets were seen to stand so.</param>
/// <param name="Balance">The sum over its buckets.</param>
/// <param name="PartialGaps">How many records the log lost, at most, that some of the buckets had and others had not.</param>
public sealed record RollupBalance(string Rollup, DateTime SeenUtc, Balance Balance, long PartialGaps = 0)
{
    /// <summary>Whether it is not even, and the gaps don't explain it: each of their records is in one term and not in the other.</summary>
    public bool IsFault => Math.Abs(Balance.Accounted - Balance.Consumed) > PartialGaps;

    /// <summary>Why it is not even, in one line; null while it is.</summary>
    public string? Problem => Balance.IsEven ? null : $"{Terms} {Reason}";

    private string Terms => string.Create(
        CultureInfo.InvariantCulture,
        $"Of {Rollup}, {Balance.Consumed} records were consumed, and {Balance.Counted} counted + {Balance.Late} late + {Balance.Dead} dead "
        + $"+ {Balance.Filtered} filtered are {Balance.Accounted} (at a cut seen at {SeenUtc:yyyy-MM-dd HH:mm:ss} UTC).");

    private string Reason => IsFault
        ? "That is a fault of Pulse, and counts of this rollup may be wrong. Keep a copy of the database, and report this line."
        : "The log lost records that some buckets had counted and others had not: table pulse_gap has their offsets.";
}
