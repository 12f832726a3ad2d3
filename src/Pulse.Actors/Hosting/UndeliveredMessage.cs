using Akka.Event;

namespace Pulse.Actors.Hosting;

/// <summary>
/// How Akka says that it dropped a message between two nodes: as a line in its log, while the connection goes on. Nobody else learns of it.
/// </summary>
internal static class UndeliveredMessage
{
    private const string Marker = "association remains live";

    /// <summary>Whether a line says so.</summary>
    public static bool IsOne(LogEvent entry) =>
        entry.LogSource?.Contains("/system/endpointManager/", StringComparison.Ordinal) == true
        && TextOf(entry).Contains(Marker, StringComparison.Ordinal);

    /// <summary>What of the message and why, in one line.</summary>
    public static string WhyOf(LogEvent entry)
    {
        var why = (entry.Cause?.GetBaseException().Message ?? TextOf(entry)).ReplaceLineEndings(" ");
        return why.EndsWith('.') ? why : $"{why}.";
    }

    private static string TextOf(LogEvent entry) => entry.Message?.ToString() ?? "";
}
