using System.Net;
using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json.Serialization;
using Pulse.Simulator.Processes;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>
/// A program of the solution as a child process. Its output goes to the test's output at the end.
/// </summary>
internal sealed class PulseProcess : IAsyncDisposable
{
    private const string HostProgram = "Pulse.Host";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);
    private readonly string _name;
    private readonly ChildProcess _process;
    private readonly HttpClient _http;

    private PulseProcess(
        string name,
        string directory,
        IReadOnlyDictionary<string, string> environment,
        IReadOnlyList<string> arguments,
        string? networkNamespace = null,
        HttpClient? client = null,
        string? assembly = null)
    {
        _name = name;
        _http = client ?? new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        // 'ip' replaces itself by the program that it starts in the namespace, so signals reach that.
        _process = ChildProcess.Start(
            networkNamespace is null ? "dotnet" : "ip",
            [.. networkNamespace is null ? [] : (string[])["netns", "exec", networkNamespace, "dotnet"], assembly ?? PathOf(name), .. arguments],
            new ChildProcessOptions { Directory = directory, Environment = environment, IsHidden = IsOurs });
    }

    /// <summary>The process's number.</summary>
    public int Id => _process.Id;

    /// <summary>Standard output so far.</summary>
    public IReadOnlyList<string> Output => _process.Output;

    /// <summary>Standard error so far.</summary>
    public IReadOnlyList<string> Errors => _process.Errors;

    /// <summary>The process's peak of resident memory in megabytes, as the kernel has it.</summary>
    public long PeakMegabytes => _process.PeakBytes / 1024 / 1024;

    /// <summary>Starts a node.</summary>
    public static PulseProcess Host(
        TestDirectory directory, IReadOnlyDictionary<string, string> environment, params IReadOnlyList<string> arguments) =>
        new(HostProgram, directory.Path, environment, arguments);

    /// <summary>Starts a node of another version.</summary>
    public static PulseProcess HostAt(
        string assembly, TestDirectory directory, IReadOnlyDictionary<string, string> environment, params IReadOnlyList<string> arguments) =>
        new(HostProgram, directory.Path, environment, arguments, assembly: assembly);

    /// <summary>Starts a node in a network namespace.</summary>
    public static PulseProcess Host(
        TestDirectory directory,
        IReadOnlyDictionary<string, string> environment,
        string networkNamespace,
        HttpClient client,
        params IReadOnlyList<string> arguments) =>
        new(HostProgram, directory.Path, environment, arguments, networkNamespace, client);

    /// <summary>Starts the producer.</summary>
    public static PulseProcess Simulator(TestDirectory directory, params IReadOnlyList<string> arguments) =>
        new("Pulse.Simulator", directory.Path, new Dictionary<string, string>(), arguments);

    /// <summary>Waits for the end and returns the exit code.</summary>
    public async Task<int> ExitAsync(TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            return await _process.ExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{_name} did not end within {limit.TotalSeconds:N0} s.");
        }
    }

    /// <summary>Asks the process to stop, as an orchestrator does.</summary>
    public void Terminate() => _process.Signal("TERM");

    /// <summary>Asks the process to stop, as a person at the keyboard does.</summary>
    public void Interrupt() => _process.Signal("INT");

    /// <summary>Stops the process where it is; its connections stay open.</summary>
    public void Pause() => _process.Signal("STOP");

    /// <summary>Ends <see cref="Pause"/>.</summary>
    public void Resume() => _process.Signal("CONT");

    /// <summary>Stops one thread of the process, the newest of that name.</summary>
    public Task<StoppedThread> StopThreadAsync(string name) => StoppedThread.OfAsync(_process.Id, name);

    /// <summary>Ends the process as a crash does, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await ExitAsync(StartLimit);
    }

    /// <summary>Waits for a line of standard output.</summary>
    /// <returns>The first that contains the text.</returns>
    public async Task<string> LineAsync(string text, TimeSpan limit)
    {
        string? found = null;
        await Eventually.HoldsAsync($"'{text}' in the output of {_name}", limit, () =>
        {
            found = Output.FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal));
            if (found is null && !_process.IsRunning)
                Assert.Fail($"{_name} ended with {_process.ExitCode} before it wrote '{text}'.");
            return Task.FromResult(found is not null);
        });
        return found!;
    }

    /// <summary>What the node says of itself; waits until it can.</summary>
    public async Task<NodeStatus> StatusAsync() =>
        (await _http.GetFromJsonAsync<NodeStatus>($"{await AddressAsync()}/api/status"))!;

    /// <summary>A page or another answer of the node, as text.</summary>
    public async Task<string> GetAsync(string path) => await _http.GetStringAsync(new Uri($"{await AddressAsync()}{path}"));

    /// <summary>The status code of a health probe.</summary>
    public async Task<HttpStatusCode> HealthAsync(string probe)
    {
        using var response = await _http.GetAsync(new Uri($"{await AddressAsync()}/health/{probe}"));
        return response.StatusCode;
    }

    /// <summary>What a node that is not ready says why; null while it is ready.</summary>
    public async Task<string?> UnreadyAsync()
    {
        using var response = await _http.GetAsync(new Uri($"{await AddressAsync()}/health/ready"));
        return response.StatusCode == HttpStatusCode.ServiceUnavailable ? await response.Content.ReadAsStringAsync() : null;
    }

    /// <summary>Waits until the node has read so many records.</summary>
    public Task ConsumedAsync(long records, TimeSpan limit) => Eventually.HoldsAsync(
        $"{records} records read", limit, async () => (await StatusAsync()).Consumed >= records);

    /// <summary>Waits until the node, or one before it, has exported a completion.</summary>
    public Task ExportedAsync(TimeSpan limit) => Eventually.HoldsAsync("the export is done", limit, async () =>
    {
        using var answer = await _http.GetAsync(new Uri($"{await AddressAsync()}/api/exports"));
        return answer.IsSuccessStatusCode
            && (await answer.Content.ReadAsStringAsync()).Contains("\"endedUtc\"", StringComparison.Ordinal);
    });

    /// <summary>What <c>pulse status</c> says when it is asked of this node.</summary>
    /// <param name="directory">Where it runs.</param>
    /// <param name="arguments">Further arguments.</param>
    public async Task<(int ExitCode, IReadOnlyList<string> Said)> StatusCommandAsync(TestDirectory directory, params string[] arguments)
    {
        await using var command = Host(
            directory, new Dictionary<string, string>(), ["status", "--url", await AddressAsync(), .. arguments]);
        var exitCode = await command.ExitAsync(StartLimit);
        Assert.Empty(command.Errors);
        return (exitCode, command.Output);
    }

    /// <summary>Asserts that everything a person sees is lines for people.</summary>
    public void AssertNoStackTrace()
    {
        var traces = Output.Concat(Errors).Where(line =>
            line.StartsWith("   at ", StringComparison.Ordinal)
            || line.Contains("Unhandled exception", StringComparison.Ordinal)
            || line.Contains("--->", StringComparison.Ordinal));
        Assert.Empty(traces);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _http.Dispose();
        var output = TestContext.Current.TestOutputHelper;
        output?.WriteLine($"--- {_name}, standard output");
        foreach (var line in Output)
            output?.WriteLine(line);
        output?.WriteLine($"--- {_name}, standard error");
        foreach (var line in Errors)
            output?.WriteLine(line);
    }

    /// <summary>The node's dashboard.</summary>
    public async Task<string> AddressAsync()
    {
        var banner = await LineAsync("http://127.0.0.1:", StartLimit);
        return banner[banner.IndexOf("http://", StringComparison.Ordinal)..].Trim();
    }

    // './test' publishes the nodes' program; without it, the one that was built runs.
    private static string PathOf(string program) =>
        program == HostProgram && Environment.GetEnvironmentVariable("PULSE_TEST_PUBLISHED") is { Length: > 0 } published
            ? Path.Combine(published, $"{program}.dll")
            : BuiltPathOf(program);

    private static string BuiltPathOf(string program) => typeof(PulseProcess).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == program).Value!.Replace('\\', '/');

    private static bool IsOurs(string variable) =>
        variable.StartsWith("Pulse__", StringComparison.OrdinalIgnoreCase)
        || variable.StartsWith("Logging__", StringComparison.OrdinalIgnoreCase);
}

/// <summary>The part of <c>/api/status</c> that tests read.</summary>
internal sealed record NodeStatus(
    [property: JsonRequired] long Consumed,
    [property: JsonRequired] long? Lag,
    [property: JsonRequired] string? KafkaProblem,
    [property: JsonRequired] int Standing,
    [property: JsonRequired] long? DeadLettersWaiting,
    [property: JsonRequired] string? DeadLetterProblem,
    [property: JsonRequired] string? FormatProblem,
    [property: JsonRequired] bool StorageAvailable,
    [property: JsonRequired] string? StorageProblem,
    [property: JsonRequired] IReadOnlyList<StandingBucket> StandingBuckets,
    [property: JsonRequired] IReadOnlyList<RollupApart> Apart,
    [property: JsonRequired] IReadOnlyList<NodeBalance> Balances,
    [property: JsonRequired] IReadOnlyList<NodePartition> Partitions,
    [property: JsonRequired] IReadOnlyList<NodeMember> Members)
{
    /// <summary>Those that the node reads.</summary>
    public IEnumerable<NodePartition> PartitionsHere => Partitions.Where(partition => partition.IsHere);
}

/// <summary>A partition of the topic.</summary>
internal sealed record NodePartition(
    [property: JsonRequired] int Partition,
    [property: JsonRequired] bool IsHere,
    [property: JsonRequired] string? Reader,
    [property: JsonRequired] bool? HasLeader,
    [property: JsonRequired] long? Position,
    [property: JsonRequired] long? Lag,
    [property: JsonRequired] string? Standing);

/// <summary>A bucket that a node can't go on with.</summary>
internal sealed record StandingBucket([property: JsonRequired] string Bucket, [property: JsonRequired] string Problem);

/// <summary>A rollup of which the database refuses something.</summary>
internal sealed record RollupApart(
    [property: JsonRequired] string Rollup, [property: JsonRequired] IReadOnlyList<string> Buckets, [property: JsonRequired] string Problem);

/// <summary>What became of a rollup's records, as of the last cut that a node has seen.</summary>
internal sealed record NodeBalance([property: JsonRequired] string Rollup, [property: JsonRequired] NodeCut? Cut);

/// <summary>The terms of a balance.</summary>
internal sealed record NodeCut(
    [property: JsonRequired] DateTime SeenUtc,
    [property: JsonRequired] long Consumed,
    [property: JsonRequired] long Counted,
    [property: JsonRequired] long Late,
    [property: JsonRequired] long Dead,
    [property: JsonRequired] long Filtered,
    [property: JsonRequired] bool IsEven,
    [property: JsonRequired] string? Problem);

/// <summary>A member of the cluster as a node sees it.</summary>
internal sealed record NodeMember([property: JsonRequired] string Address, [property: JsonRequired] string Status);
