using Akka.Actor;

namespace Pulse.Actors.Storage;

/// <summary>
/// The answer to one <see cref="WriteResults"/>, after the commit; a sender's answers come in the order of its requests.
/// </summary>
public sealed class ResultsWritten : INoSerializationVerificationNeeded
{
    private ResultsWritten()
    {
    }

    /// <summary>The answer.</summary>
    public static ResultsWritten Instance { get; } = new();
}
