namespace Pulse.Actors.Live;

/// <summary>The newest delays and their distribution. Thread-safe.</summary>
public sealed class Delays
{
    private const int Kept = 1_024;

    private readonly Lock _gate = new();
    private readonly long[] _newest = new long[Kept];
    private long _count;

    /// <summary>The delay, in milliseconds, that the given part of the newest ones did not exceed; null before the first.</summary>
    /// <param name="part">0 to 1, such as 0.99.</param>
    public long? Quantile(double part)
    {
        long[] sorted;
        lock (_gate)
            sorted = _newest[..(int)Math.Min(_count, Kept)];
        if (sorted.Length == 0)
            return null;
        Array.Sort(sorted);
        return sorted[(int)Math.Clamp(Math.Ceiling(part * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    internal void Add(long milliseconds)
    {
        lock (_gate)
            _newest[_count++ % Kept] = Math.Max(0, milliseconds);
    }
}
