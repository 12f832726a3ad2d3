using System.Collections.Immutable;
using Pulse.Verification.Events;

namespace Pulse.Verification.Declarations;

/// <summary>Everything that decides what a rollup counts, as the database holds it.</summary>
/// <param name="Rollup">The rollup's name.</param>
/// <param name="Dimensions">The columns of its table, in the order in which keys are hashed.</param>
/// <param name="Buckets">Over how many buckets keys are hashed.</param>
/// <param name="WindowMilliseconds">The length of its windows.</param>
/// <param name="LatenessMilliseconds">How long after the end of its window an event's record may come; the largest number for no limit.</param>
/// <param name="Rules">What is an event.</param>
internal sealed record Declaration(
    string Rollup,
    ImmutableArray<DeclaredDimension> Dimensions,
    int Buckets,
    long WindowMilliseconds,
    long LatenessMilliseconds,
    EventRules Rules)
{
    /// <summary>Whether it counts the records that are no events.</summary>
    public bool IsOfDeadLetters => Dimensions[0].Derivation == Derivation.Verdict;
}
