namespace Pulse.Actors.Ingest;

/// <summary>
/// Asks every ingestor to send what it has counted and to tell all buckets where it stands, now, so that their checkpoints
/// move on. Published on <see cref="StreamIngest.Topic"/>, again and again until they have; harmless to repeat.
/// </summary>
/// <param name="Completion">The completion that waits for it.</param>
public sealed record CheckpointRequested(CompletionId Completion);
