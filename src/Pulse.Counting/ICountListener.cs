
namespace Pulse.Counting;

/// <summary>Is told what a <see cref="BucketLedger"/> counts, on the ledger's own thread. Must be quick.</summary>
public interface ICountListener
{
    /// <summary>A count changed, or is told again.</summary>
    /// <param name="key">The key.</param>
    /// <param name="window">The window.</param>
    /// <param name="count">The absolute count.</param>
    /// <param name="increase">How much of it is new; 0 when it is told again.</param>
    void Counted(RollupKey key, Window window, long count, long increase);

    /// <summary>A count came back from a stored checkpoint.</summary>
    /// <param name="window">The window.</param>
    /// <param name="increase">How much it adds to what was recovered before.</param>
    void Recovered(Window window, long increase);
}
