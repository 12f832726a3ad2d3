namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>A test of a fault that one broker can show.</summary>
/// <param name="shared">The broker, and the nodes that faults share.</param>
/// <param name="output">The test's output.</param>
[Collection(OneBrokerCollection.Name)]
public abstract class OneBrokerTest(OneBroker shared, ITestOutputHelper output) : FaultTest(output)
{
    /// <summary>The broker, and the nodes that faults share.</summary>
    protected OneBroker Shared => shared;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        // What a fault left behind that was not survived would fail the others.
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
            await shared.ForgetPairAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>The nodes that faults share, watched.</summary>
    private protected async Task<NodePair> SharedPairAsync() => Watched(await shared.PairAsync());
}
