namespace Pulse.Deployment.Tests;

/// <summary>One service of the compose file.</summary>
internal sealed class ComposeService(string name, Dictionary<string, object?> settings)
{
    public string Name => name;

    public IEnumerable<string> Keys => settings.Keys;

    public string Image => Text("image")!;

    /// <summary>The stage of the Dockerfile that it is built from; null: it is not built here.</summary>
    public string? Target => settings.TryGetValue("build", out var build) ? (string)ComposeFile.Map(build)["target"]! : null;

    public bool IsNode => Image.StartsWith("pulse-host:", StringComparison.Ordinal);

    public Dictionary<string, string> Environment => ComposeFile.Map(settings["environment"])
        .ToDictionary(each => each.Key, each => (string)each.Value!);

    /// <summary>Which services it waits for, and for what of them.</summary>
    public Dictionary<string, string> DependsOn => settings.TryGetValue("depends_on", out var others)
        ? ComposeFile.Map(others).ToDictionary(each => each.Key, each => (string)ComposeFile.Map(each.Value)["condition"]!)
        : [];

    public string? Text(string key) => settings.TryGetValue(key, out var value) ? (string?)value : null;

    public List<string> List(string key) =>
        settings.TryGetValue(key, out var value) ? [.. ((List<object?>)value!).Cast<string>()] : [];
}
