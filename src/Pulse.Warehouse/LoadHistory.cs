namespace Pulse.Warehouse;

/// <summary>What is known of the loads of a date before this one.</summary>
/// <param name="LoadedDigest">The digest that was last loaded and verified; null where none is known.</param>
/// <param name="BegunDigest">The digest of a load that was begun and whose end is not known; null where there is none.</param>
public readonly record struct LoadHistory(string? LoadedDigest, string? BegunDigest)
{
    /// <summary>
    /// Whether a finished load of the digest, found in the warehouse, may be this one's own earlier try. Otherwise it
    /// is from before the date was replaced by other rows, and its end says nothing about now.
    /// </summary>
    public bool MayHaveLoaded(string digest) =>
        BegunDigest == digest || LoadedDigest is null || LoadedDigest == digest;
}
