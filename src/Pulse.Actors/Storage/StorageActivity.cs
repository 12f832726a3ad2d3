namespace Pulse.Actors.Storage;

/// <summary>What a node does with storage and can see fail.</summary>
internal enum StorageActivity
{
    /// <summary>Asking whether it is there.</summary>
    Pinging,

    /// <summary>Writing results.</summary>
    Writing,
}
