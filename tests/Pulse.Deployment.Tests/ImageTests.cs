using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Pulse.Host.Cli;

namespace Pulse.Deployment.Tests;

/// <summary>Whether the <c>Dockerfile</c> knows the projects and the program as they are.</summary>
public sealed partial class ImageTests
{
    [Fact]
    public void Restoring_sees_every_project_file_that_the_host_needs_and_every_file_is_let_through()
    {
        var copied = Images.Arguments("restore", "COPY").SelectMany(each => each.Split(' ')[..^1]).ToList();

        Assert.All(Projects("src/Pulse.Host/Pulse.Host.csproj"), each => Assert.Contains(each, copied));
        Assert.All(copied, each => Assert.True(Path.Exists(Repository.PathOf(each)), each));
        var let = Repository.Read(".dockerignore").Split('\n').Where(each => each.StartsWith('!')).Select(each => each[1..]);
        Assert.Equivalent(copied.Select(each => each.Split('/')[0]).Distinct(), let, strict: true);
        var restore = Array.FindIndex(Images.Instructions("restore"), each => each.Contains("dotnet restore", StringComparison.Ordinal));
        var sources = Array.FindIndex(Images.Instructions("restore"), each => each.StartsWith("COPY src/ ", StringComparison.Ordinal));
        Assert.True(restore >= 0 && restore < sources, "What is restored must not depend on sources.");
    }

    [Fact]
    public void Every_base_image_is_of_the_framework_that_is_built_for_and_the_final_ones_are_chiselled_and_not_root()
    {
        var framework = XDocument.Parse(Repository.Read("Directory.Build.props")).Descendants("TargetFramework").Single().Value;
        var bases = Images.Stages.Select(each => Images.Instructions(each)[0])
            .Where(each => each.Contains("mcr.microsoft.com", StringComparison.Ordinal)).ToList();

        Assert.Equal(3, bases.Count);
        Assert.All(bases, each => Assert.Contains($":{framework["net".Length..]}-noble", each, StringComparison.Ordinal));
        foreach (var stage in new[] { "host", "simulator" })
        {
            Assert.Contains("-chiseled ", Images.Instructions(stage)[0], StringComparison.Ordinal);
            Assert.Equal(["$APP_UID"], Images.Arguments(stage, "USER"));
            Assert.Empty(Images.Arguments(stage, "RUN"));
        }
    }

    [Fact]
    public async Task The_images_start_programs_that_are_there_and_the_health_check_is_a_command()
    {
        var health = Images.Arguments("host", "HEALTHCHECK").Single();
        var words = JsonSerializer.Deserialize<string[]>(health[health.IndexOf('[', StringComparison.Ordinal)..])!;
        var host = Path.GetFileName(typeof(HostCommand).Assembly.Location);

        Assert.Equal(["dotnet", host], JsonSerializer.Deserialize<string[]>(Images.Arguments("host", "ENTRYPOINT").Single())!);
        Assert.Equal(["dotnet", host, "health"], words);
        Assert.Equal(0, await HostCommand.RunAsync([.. words[2..], "--help"]));
        Assert.Equal(
            ["dotnet", Path.GetFileName(typeof(Simulator.SimulatorOptions).Assembly.Location)],
            JsonSerializer.Deserialize<string[]>(Images.Arguments("simulator", "ENTRYPOINT").Single())!);
    }

    [Fact]
    public void Ports_and_settings_are_those_of_the_deployments()
    {
        var node = Settings.Read(ComposeFile.Read().Services["pulse"].Environment);

        Assert.Equal($"{node.Http.Port} {node.Settings.Cluster.Port}", Images.Arguments("host", "EXPOSE").Single());
        Assert.Equal("/data", Settings.Read(Images.Environment("host")).DataDirectory);
    }

    private static IEnumerable<string> Projects(string project) =>
        References().Matches(Repository.Read(project))
            .SelectMany(each => Projects($"src/{each.Groups["path"].Value.Replace('\\', '/')}"))
            .Append(project).Distinct();

    [GeneratedRegex(@"<ProjectReference Include=""\.\.\\(?<path>[^""]+)""")]
    private static partial Regex References();
}
