using Akka.Actor;
using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>A bucket found another content in its row than it knows, and is over.</summary>
internal sealed record BucketOvertaken(BucketId Bucket) : INoSerializationVerificationNeeded;

/// <summary>A bucket can't use its row; <see cref="BucketStatistics.Standing"/> says why.</summary>
internal sealed record BucketStandsStill : INoSerializationVerificationNeeded
{
    public static BucketStandsStill Instance { get; } = new();
}

/// <summary>A bucket stands apart; <see cref="BucketStatistics.Apart"/> says why.</summary>
internal sealed record BucketStandsApart : INoSerializationVerificationNeeded
{
    public static BucketStandsApart Instance { get; } = new();
}

/// <summary>So much is not stored that no bucket of the node takes more, or that is over.</summary>
internal sealed record MemoryFillsOrEmpties : INoSerializationVerificationNeeded
{
    public static MemoryFillsOrEmpties Instance { get; } = new();
}

/// <summary>A bucket that stood apart has stored what was refused.</summary>
internal sealed record BucketTakesPart(BucketId Bucket) : INoSerializationVerificationNeeded;

/// <summary>A bucket that stood still has its row.</summary>
internal sealed record BucketGoesOn(BucketId Bucket) : INoSerializationVerificationNeeded;
