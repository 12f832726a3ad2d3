namespace Pulse.Actors.Coordination;

/// <summary>Storage does not hold any more what it was seen to hold: the database went back to an earlier state.</summary>
/// <param name="missing">How many of the events that have to be stored are not.</param>
public sealed class StorageWentBackException(long missing)
    : Exception($"storage went back to an earlier state; events that were stored and are not any more: {missing:N0}.");
