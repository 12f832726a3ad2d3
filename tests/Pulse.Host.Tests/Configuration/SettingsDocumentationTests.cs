using System.Collections;
using Pulse.Host.Configuration;

namespace Pulse.Host.Tests.Configuration;

/// <summary>What can be set is told.</summary>
public sealed class SettingsDocumentationTests
{
    private static readonly string[] Pages = ["README.md", "bigquery.md"];

    [Fact]
    public void Every_setting_is_named_in_the_documentation()
    {
        var told = string.Concat(Pages.Select(page => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, page))));

        Assert.DoesNotContain(
            Settings(typeof(PulseOptions), PulseOptions.Section),
            setting => !told.Contains($"`{setting.Name}`", StringComparison.Ordinal)
                && !told.Contains(setting.Path, StringComparison.Ordinal)
                && !told.Contains(setting.Path.Replace(":", "__", StringComparison.Ordinal), StringComparison.Ordinal));
    }

    private static IEnumerable<(string Path, string Name)> Settings(Type section, string path) =>
        section.GetProperties().SelectMany(property =>
            IsSection(property.PropertyType)
                ? Settings(property.PropertyType, $"{path}:{property.Name}")
                : [($"{path}:{property.Name}", property.Name)]);

    private static bool IsSection(Type type) =>
        type.Namespace == typeof(PulseOptions).Namespace && type.IsClass && !typeof(IEnumerable).IsAssignableFrom(type);
}
