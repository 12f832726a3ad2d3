namespace Pulse.Simulator.Generation;

/// <summary>What a generated record says, told apart from its bytes: the ground that the truth is counted on.</summary>
/// <param name="Malformed">How the record is spoiled, or <see cref="MalformedKind.None"/>.</param>
/// <param name="TimestampMilliseconds">The event's time in milliseconds since 1970 UTC; meaningless when malformed.</param>
/// <param name="RecordMilliseconds">The Kafka record's own timestamp, alike.</param>
/// <param name="Device">Index into <see cref="Vocabulary.Devices"/>.</param>
/// <param name="Genre">Index into <see cref="Vocabulary.Genres"/>.</param>
/// <param name="Gender">Index into <see cref="Vocabulary.Genders"/>.</param>
/// <param name="Age">Age in years.</param>
/// <param name="Country">Index into <see cref="Vocabulary.Countries"/>.</param>
/// <param name="MaturityRating">Index into <see cref="Vocabulary.MaturityRatings"/>.</param>
public readonly record struct SimulatedEvent(
    MalformedKind Malformed,
    long TimestampMilliseconds,
    long RecordMilliseconds,
    int Device,
    int Genre,
    int Gender,
    int Age,
    int Country,
    int MaturityRating);
