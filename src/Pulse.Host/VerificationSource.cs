using Pulse.Actors.Broker;
using Pulse.Actors.Storage;
using Pulse.Verification;

namespace Pulse.Host;

/// <summary>A node's stream and storage as a verification knows them: it shares no code with what it judges.</summary>
internal static class VerificationSource
{
    /// <summary>All rollups and windows of a storage, against a stream.</summary>
    public static VerificationRequest Of(KafkaSettings kafka, StorageOptions storage) => new(
        new LogAddress(kafka.ClientProperties(), kafka.Topic, kafka.GroupId, kafka.StreamIdentity),
        new DatabaseAddress(storage.Kind == StorageKind.Postgres, storage.ConnectionString));
}
