namespace Pulse.Actors.Broker;

/// <summary>For calls of the Kafka client that block: a pool's thread is no place to wait.</summary>
internal static class OwnThread
{
    /// <summary>Makes a call on a thread of its own.</summary>
    public static Task<T> RunAsync<T>(Func<T> call) =>
        Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
