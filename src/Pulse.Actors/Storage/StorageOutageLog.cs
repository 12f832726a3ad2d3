using Akka.Event;

namespace Pulse.Actors.Storage;

/// <summary>One line when storage goes away, one when it is back, whoever notices first.</summary>
internal sealed class StorageOutageLog(
    StorageAvailability availability, StorageActivity activity, ILoggingAdapter log)
{
    public void Failed(StorageException fault)
    {
        if (availability.Failed(activity, fault.Message))
            log.Warning("Storage is away; counting goes on in memory and writes are retried. {0}", fault.Message);
    }

    public void Succeeded()
    {
        if (availability.Succeeded(activity) is { } length)
            log.Info("Storage is back after {0:F1} s.", length.TotalSeconds);
    }
}
