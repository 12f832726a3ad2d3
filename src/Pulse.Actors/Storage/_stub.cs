using Akka.Actor;
namespace Pulse.Actors.Storage;
#pragma warning disable CS1591
public sealed record WriteResults(BucketResults Results);
public sealed record ResultsWritten;
public sealed class StorageAvailability { public bool IsAvailable => true; }
