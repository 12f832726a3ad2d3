using System.Collections.Immutable;
using Pulse.Actors.Broker;
using Pulse.Actors.Storage;

namespace Pulse.Actors.Live;

/// <summary>What brokers and storage said last, and when; null before they first did.</summary>
internal sealed record StreamAnswers
{
    /// <summary>What the topic is.</summary>
    public (TopicDescription Topic, DateTime AtUtc)? Described { get; init; }

    /// <summary>What the logs of the partitions that had a leader held.</summary>
    public (ImmutableDictionary<int, LogSpan> Spans, DateTime AtUtc)? Measured { get; init; }

    /// <summary>The partitions whose logs ended below what had been stored before that: they were cut.</summary>
    public ImmutableHashSet<int> Cuts { get; init; } = [];

    /// <summary>How far the stream was stored.</summary>
    public (StoredProgress Progress, DateTime AtUtc)? Stored { get; init; }

    /// <summary>Why the brokers did not answer the last question; null if they did.</summary>
    public string? KafkaProblem { get; init; }

    /// <summary>Whether that is what they answered.</summary>
    public bool IsRefused { get; init; }

    /// <summary>Why storage did not; null if it did.</summary>
    public string? StorageProblem { get; init; }

    /// <summary>Takes what the topic is now. What was said of another stream under the same name is forgotten.</summary>
    public StreamAnswers With(TopicDescription topic, DateTime atUtc) =>
        (Described?.Topic.Stream == topic.Stream ? this : new StreamAnswers()) with { Described = (topic, atUtc), KafkaProblem = null, IsRefused = false };
}
