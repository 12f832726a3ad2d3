namespace Pulse.Verification.Storage;

/// <summary>A row of a result table.</summary>
/// <param name="Values">The values of its dimensions.</param>
/// <param name="WindowEndTicks">Its window's end in ticks since 1970; -1 for a text that is no time.</param>
/// <param name="Count">Its count.</param>
/// <param name="Problem">Why Pulse never writes such a row, whatever the log holds; null where it may.</param>
internal readonly record struct StoredRow(string[] Values, long WindowEndTicks, long Count, string? Problem = null);
