using Pulse.Counting;
using Pulse.Simulation.Tests.Cluster;

namespace Pulse.Simulation.Tests.Database;

/// <summary>A statement on its way to the database.</summary>
/// <param name="Sender">Who sent it, and may be dead by now.</param>
/// <param name="SentAfter">How often the database had gone back before.</param>
internal abstract record DatabaseRequest(BucketActor Sender, int SentAfter)
{
    public sealed record TakeOver(BucketActor Sender, int SentAfter, int Attempt) : DatabaseRequest(Sender, SentAfter);

    public sealed record Store(BucketActor Sender, int SentAfter, CheckpointStatement Statement) : DatabaseRequest(Sender, SentAfter);

    public sealed record Look(BucketActor Sender, int SentAfter, int Number) : DatabaseRequest(Sender, SentAfter);

    public sealed record Cells(BucketActor Sender, int SentAfter, IReadOnlyList<(RollupKey Key, Window Window)> Names)
        : DatabaseRequest(Sender, SentAfter);
}
