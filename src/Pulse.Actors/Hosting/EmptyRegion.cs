using Akka.Actor;
using Akka.Cluster.Sharding;

namespace Pulse.Actors.Hosting;

/// <summary>
/// Ends a shard region of a node that leaves as soon as it holds no shard. By itself it goes on while messages for a shard wait in it, and
/// where a node is asked to end before the cluster has said where all shards are, nobody takes them from it any more.
/// </summary>
internal static class EmptyRegion
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    /// <summary>Waits until the region has handed its shards over and has ended.</summary>
    /// <param name="system">The region's.</param>
    /// <param name="region">The region, which has been asked to hand over, or is about to be.</param>
    public static async Task EndedAsync(ActorSystem system, IActorRef region)
    {
        var ended = region.WatchAsync(default);
        while (!ended.IsCompleted && !system.WhenTerminated.IsCompleted)
        {
            if (await IsEmptyAsync(region).ConfigureAwait(false))
                system.Stop(region);
            await Task.WhenAny(ended, Task.Delay(Interval)).ConfigureAwait(false);
        }
    }

    private static async Task<bool> IsEmptyAsync(IActorRef region)
    {
        try
        {
            var state = await region.Ask<CurrentShardRegionState>(GetShardRegionState.Instance, AnswerLimit).ConfigureAwait(false);
            return state.Shards.Count == 0;
        }
        catch (AskTimeoutException)
        {
            // Its shards are busy, so there are some; or it has ended.
            return false;
        }
    }
}
