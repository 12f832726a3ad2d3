using Pulse.Actors.Live;

namespace Pulse.Host.Api;

/// <summary>How the counts of a question are laid out.</summary>
internal enum RollupLayout
{
    /// <summary>One row per key, summed over the windows.</summary>
    Key,

    /// <summary>One row per window, summed over the keys.</summary>
    Window,

    /// <summary>One row per key and window, as in the result table.</summary>
    Cell,
}

/// <summary>A checked question to <c>/api/rollups/{name}</c>.</summary>
/// <param name="Query">Which windows and keys.</param>
/// <param name="Layout">The rows.</param>
/// <param name="Top">Rows per page.</param>
/// <param name="Page">From 1.</param>
/// <param name="Format">The media type that was asked for by name; null where none was.</param>
internal sealed record RollupRequest(RollupQuery Query, RollupLayout Layout, int Top, int Page, string? Format);
