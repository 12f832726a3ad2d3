namespace Pulse.Simulator.Processes;

/// <summary>Where and how a <see cref="ChildProcess"/> runs.</summary>
public sealed record ChildProcessOptions
{
    /// <summary>Its working directory; null for this process's own.</summary>
    public string? Directory { get; init; }

    /// <summary>Variables that it has beside this process's own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Which of this process's own variables it does not get.</summary>
    public Func<string, bool> IsHidden { get; init; } = _ => false;

    /// <summary>
    /// Whether its input stays open: for a program that ends when its input does. Otherwise its input is closed at once, and it is
    /// killed when this process ends.
    /// </summary>
    public bool KeepsInputOpen { get; init; }

    /// <summary>Told each line of standard output as it comes.</summary>
    public Action<string>? OnOutput { get; init; }

    /// <summary>Told each line of standard error as it comes.</summary>
    public Action<string>? OnError { get; init; }
}
