namespace Pulse.Actors.Storage.Streams;

/// <summary>Kafka answers with a stream that the database is not to count before a person says so.</summary>
/// <param name="message">What is there, what is counted, and what to do.</param>
public sealed class StreamRefusedException(string message) : StorageException(message);
