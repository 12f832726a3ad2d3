using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Pulse.Deployment.Tests;

/// <summary><c>docker-compose.yaml</c> with its anchors merged and the variables of <c>.env</c> put in.</summary>
internal sealed partial class ComposeFile
{
    private readonly Dictionary<string, string> _variables;
    private readonly HashSet<string> _used = [];

    private ComposeFile(Dictionary<string, string> variables) => _variables = variables;

    /// <summary>The variables that <c>.env</c> has and the file doesn't ask for.</summary>
    public IEnumerable<string> Unused => _variables.Keys.Except(_used);

    public Dictionary<string, ComposeService> Services { get; private init; } = [];

    /// <summary>The names below a top-level key, such as <c>volumes</c>.</summary>
    public Dictionary<string, List<string>> Names { get; private init; } = [];

    /// <summary>Reads both files.</summary>
    /// <param name="overrides">What somebody has put into <c>.env</c>.</param>
    public static ComposeFile Read(params (string Name, string Value)[] overrides)
    {
        var variables = Repository.Read(".env").Split('\n')
            .Where(line => line.Length > 0 && !line.StartsWith('#'))
            .Select(line => line.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1]);
        foreach (var (name, value) in overrides)
            variables[name] = value;

        var file = new ComposeFile(variables);
        var root = Map(file.Resolve(new DeserializerBuilder().Build().Deserialize(
            new MergingParser(new Parser(new StringReader(Repository.Read("docker-compose.yaml")))))));
        foreach (var (key, value) in root.Where(each => !each.Key.StartsWith("x-", StringComparison.Ordinal) && each.Key != "name"))
            file.Names[key] = [.. Map(value).Keys];
        foreach (var (name, service) in Map(root["services"]))
            file.Services[name] = new ComposeService(name, Map(service));
        return file;
    }

    public static Dictionary<string, object?> Map(object? value) =>
        ((Dictionary<object, object?>)value!).ToDictionary(each => (string)each.Key, each => each.Value);

    private object? Resolve(object? value) => value switch
    {
        string text => Variable().Replace(text, match =>
        {
            var name = match.Groups["name"].Value;
            _used.Add(name);
            return _variables.TryGetValue(name, out var found)
                ? found
                : throw new InvalidOperationException($"docker-compose.yaml asks for {name}, which .env does not have.");
        }),
        Dictionary<object, object?> map => map.ToDictionary(each => each.Key, each => Resolve(each.Value)),
        List<object?> list => list.ConvertAll(Resolve),
        _ => value,
    };

    [GeneratedRegex(@"\$\{(?<name>\w+)\}")]
    private static partial Regex Variable();
}
