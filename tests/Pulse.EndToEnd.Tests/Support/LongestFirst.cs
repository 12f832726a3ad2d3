using Pulse.EndToEnd.Tests.Faults;
using Xunit.Sdk;
using Xunit.v3;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>Collections that take minutes begin first, so that none of them still runs alone when all others have ended.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest =
    [
        OneBrokerCollection.Name, nameof(ConnectionSecurityTests), nameof(CutTests), nameof(StreamIdentityTests), nameof(VerdictTests),
        nameof(StreamStatusTests), nameof(ClusterSearchTests), nameof(DeadLetterTests), nameof(FaultTests), nameof(VerifyTests),
        nameof(StorageOutageTests), nameof(RealBrokerTests), nameof(CompletionIdentityTests), nameof(RebuildTests), nameof(StandingBucketTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection => [.. testCollections.OrderBy(collection => Place(collection.TestCollectionDisplayName))];

    private static int Place(string name)
    {
        var place = Array.FindIndex(Longest, each => name.Contains(each, StringComparison.Ordinal));
        return place < 0 ? Longest.Length : place;
    }
}
