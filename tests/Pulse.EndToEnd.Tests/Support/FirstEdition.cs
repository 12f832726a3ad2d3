using System.Formats.Tar;
using System.Reflection;
using Pulse.Simulator.Processes;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>The host of the first edition, built from the repository's history when it is first asked for.</summary>
public sealed class FirstEdition : IDisposable
{
    /// <summary>The last commit whose databases this version upgrades.</summary>
    private const string Commit = "30f6889782914e7613a4f241bdff815294f1aef1";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private readonly TestDirectory _directory = new();
    private readonly SemaphoreSlim _building = new(1, 1);
    private string? _host;

    /// <summary>The assembly to run; skips the test where there is no history to build it from.</summary>
    public async Task<string> HostAsync()
    {
        if (!LongForm.IsWanted)
            throw Requirement.NotHere("Builds the first edition, which takes a minute or two; PULSE_TEST_LONG=1 does that.");
        await _building.WaitAsync();
        try
        {
            return _host ??= await BuildAsync();
        }
        finally
        {
            _building.Release();
        }
    }

    public void Dispose()
    {
        _directory.Dispose();
        _building.Dispose();
    }

    private async Task<string> BuildAsync()
    {
        var repository = typeof(FirstEdition).Assembly
            .GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == "Repository").Value!;
        var archive = _directory["source.tar"];
        var (code, said) = await RunAsync("git", repository, "archive", "--format=tar", $"--output={archive}", Commit);
        if (code != 0)
            throw Requirement.NotHere($"The history has no commit {Commit[..7]} here to build the first edition from: {said}");

        var source = Directory.CreateDirectory(_directory["source"]).FullName;
        await TarFile.ExtractToDirectoryAsync(archive, source, overwriteFiles: false);
        (code, said) = await RunAsync("dotnet", source, "build", "src/Pulse.Host", "-c", "Release", "--nologo", "-v", "q");
        Assert.True(code == 0, said);
        return Path.Combine(source, "src", "Pulse.Host", "bin", "Release", "net10.0", "Pulse.Host.dll");
    }

    private static async Task<(int Code, string Said)> RunAsync(string program, string directory, params string[] arguments)
    {
        try
        {
            await using var process = ChildProcess.Start(program, arguments, new ChildProcessOptions { Directory = directory });
            var code = await process.ExitAsync(new CancellationTokenSource(Limit).Token);
            return (code, string.Join(' ', process.Output.Concat(process.Errors).Select(line => line.Trim())));
        }
        catch (System.ComponentModel.Win32Exception absent)
        {
            return (-1, absent.Message);
        }
    }
}
