using System.Text.RegularExpressions;

namespace Pulse.Deployment.Tests;

/// <summary>The stages of the <c>Dockerfile</c>.</summary>
internal static partial class Images
{
    private static readonly Dictionary<string, string[]> ByStage = Read();

    public static IEnumerable<string> Stages => ByStage.Keys;

    /// <summary>A stage's instructions, each on one line, <c>FROM</c> first.</summary>
    public static string[] Instructions(string stage) => ByStage[stage];

    /// <summary>What follows an instruction's word in a stage, wherever it stands there.</summary>
    public static IEnumerable<string> Arguments(string stage, string word) => ByStage[stage]
        .Where(each => each.StartsWith(word + " ", StringComparison.Ordinal)).Select(each => each[(word.Length + 1)..]);

    public static Dictionary<string, string> Environment(string stage) => Arguments(stage, "ENV")
        .SelectMany(each => each.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(each => each.Split('=', 2))
        .ToDictionary(each => each[0], each => each[1]);

    private static Dictionary<string, string[]> Read()
    {
        var lines = Repository.Read("Dockerfile").Split('\n').Where(each => !each.TrimStart().StartsWith('#'));
        var instructions = Continued().Replace(string.Join('\n', lines), " ").Split('\n').Where(each => each.Length > 0).ToList();
        var stages = new Dictionary<string, string[]>();
        for (var at = 0; at < instructions.Count;)
        {
            var name = Stage().Match(instructions[at]).Groups["name"].Value;
            var next = instructions.FindIndex(at + 1, each => each.StartsWith("FROM ", StringComparison.Ordinal));
            var end = next < 0 ? instructions.Count : next;
            stages.Add(name, [.. instructions[at..end]]);
            at = end;
        }

        return stages;
    }

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continued();

    [GeneratedRegex(@"^FROM .* AS (?<name>[\w-]+)$")]
    private static partial Regex Stage();
}
