namespace Pulse.Actors.Ingest;

/// <summary>
/// Asks every ingestor to have its buckets checkpoint and to commit as far as it has read, now. Published on
/// <see cref="StreamIngest.Topic"/>, again and again until the commits are seen; harmless to repeat.
/// </summary>
/// <param name="Completion">The completion that waits for it.</param>
public sealed record CheckpointRequested(CompletionId Completion);
