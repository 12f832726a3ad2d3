namespace Pulse.Actors.Storage;

/// <summary>What a node does with storage and can see fail.</summary>
internal enum StorageActivity
{
    /// <summary>Renewing the node's own row.</summary>
    Renewing,

    /// <summary>Writing results.</summary>
    Writing,
}
