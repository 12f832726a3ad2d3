using Akka.Event;

namespace Pulse.Actors.Storage;

/// <summary>
/// Published on the node's event stream: a fault of Pulse itself, before anything of it reached the database. No waiting helps, so the
/// node ends.
/// </summary>
/// <param name="Message">What failed, in one line.</param>
public sealed record OwnFault(string Message)
{
    /// <summary>Says it to whoever ends the node.</summary>
    /// <param name="events">The node's event stream.</param>
    /// <param name="what">What was being done.</param>
    /// <param name="cause">What was thrown.</param>
    internal static void Publish(EventStream events, string what, Exception cause) => events.Publish(new OwnFault(
        $"{what} failed by a fault of Pulse itself ({cause.GetType().Name}: {cause.Message.ReplaceLineEndings(" ").TrimEnd('.', ' ')}), "
        + "so the node ends. What is stored is right. Report this line."));
}
