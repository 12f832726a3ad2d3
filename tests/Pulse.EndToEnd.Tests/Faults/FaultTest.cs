using System.Diagnostics;
using Pulse.EndToEnd.Tests.Support;

namespace Pulse.EndToEnd.Tests.Faults;

/// <summary>A test of a fault of Kafka: what nodes say meanwhile goes to the test's output, and so does what is measured.</summary>
/// <param name="output">The test's output.</param>
public abstract class FaultTest(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly List<(PulseProcess Node, int Lines)> _watched = [];
    private readonly HashSet<NodePair> _pairs = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual ValueTask DisposeAsync()
    {
        foreach (var (node, lines) in _watched)
        {
            output.WriteLine("--- a node said");
            foreach (var line in node.Output.Skip(lines).Concat(node.Errors))
                output.WriteLine(line);
        }

        var wrong = _pairs.SelectMany(pair => pair.Shown.TakeWrong()).ToList();
        if (TestContext.Current.TestState?.Result != TestResult.Failed)
            Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Writes what was measured.</summary>
    protected void Measured(string what, TimeSpan time) =>
        output.WriteLine(FormattableString.Invariant($"{_watch.Elapsed.TotalSeconds,6:N1} s  {what}: {time.TotalSeconds:N1} s"));

    /// <summary>Has what a pair's nodes say from now on in the output; at the end, nothing may have been shown wrong.</summary>
    private protected NodePair Watched(NodePair pair)
    {
        _pairs.Add(pair);
        _watched.AddRange(pair.Nodes.Select(node => (node, node.Output.Count)));
        return pair;
    }

    /// <summary>Waits until events written from now on are stored, and writes how long it took.</summary>
    private protected async Task CountsAgainAsync(NodePair pair, params int[] except) =>
        Measured(except.Length == 0 ? "counts again after" : "the other partitions count after", await pair.CountsAgainAsync(except));
}
