using System.Xml.Linq;

namespace Pulse.Deployment.Tests;

/// <summary>Whether every restore gives the packages that were chosen.</summary>
public sealed class PackageTests
{
    [Fact]
    public void Every_project_has_a_lock_file_and_what_is_locked_has_nothing_of_the_end_of_life()
    {
        var projects = Projects();

        Assert.True(projects.Count > 10);
        Assert.All(projects, project =>
        {
            var locked = File.ReadAllText(Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json"));
            Assert.DoesNotContain("\"System.Drawing.Common\"", locked, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Every_version_is_exact_and_named_in_one_place()
    {
        var versions = XDocument.Parse(Repository.Read("Directory.Packages.props")).Descendants("PackageVersion").ToList();

        Assert.All(versions, each => Assert.Matches(@"^\d+(\.\d+)+(-[a-z0-9.]+)?$", each.Attribute("Version")!.Value));
        Assert.Distinct(versions.Select(each => each.Attribute("Include")!.Value));
        Assert.All(Projects(), project => Assert.DoesNotContain(" Version=", File.ReadAllText(project), StringComparison.Ordinal));
    }

    private static List<string> Projects() => [.. ((string[])["src", "tests", "bench"]).SelectMany(folder =>
        Directory.GetFiles(Repository.PathOf(folder), "*.csproj", SearchOption.AllDirectories))];
}
