namespace Pulse.Host.Configuration;

/// <summary>The configuration has mistakes: one line for each, naming the setting and what is allowed.</summary>
public sealed class ConfigurationException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="mistakes">The lines; at least one.</param>
    public ConfigurationException(params IReadOnlyList<string> mistakes)
        : base(string.Join(Environment.NewLine, mistakes.Select(OneLine))) => Mistakes = [.. mistakes.Select(OneLine)];

    /// <summary>One line for each mistake.</summary>
    public IReadOnlyList<string> Mistakes { get; }

    // What somebody wrote may have any characters, and is repeated.
    private static string OneLine(string mistake) => string.Concat(mistake.Select(each => char.IsControl(each) ? ' ' : each));
}
