using System.CommandLine;
using System.Globalization;

namespace Pulse.Benchmarks.Reporting;

/// <summary>The options that benchmarks share.</summary>
internal static class CommandOptions
{
    /// <summary>Where the figures are written.</summary>
    public static Option<string> Json(string verb) => new("--json")
    {
        Description = "File for the figures",
        DefaultValueFactory = _ => Path.Combine("artifacts", "benchmarks", $"{verb}.json"),
    };

    /// <summary>Whether it is enough that everything runs.</summary>
    public static Option<bool> Quick() => new("--quick") { Description = "Only see that it runs; the figures mean little" };

    /// <summary>A whole number from 1 up.</summary>
    public static Option<int> Count(string name, int initial, string description) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => initial,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count < 1)
                result.AddError($"{name}: '{text}' is not allowed; give a whole number from 1 up.");
            return count;
        },
    };
}
