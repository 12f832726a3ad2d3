namespace Pulse.Host.Configuration;

/// <summary>A path that a setting names.</summary>
internal static class ConfiguredPath
{
    /// <summary>The absolute path; where it is none, another one.</summary>
    /// <param name="path">What was written.</param>
    /// <param name="setting">The setting's name.</param>
    /// <param name="mistakes">Takes a line where it is no path.</param>
    public static string Full(string path, string setting, List<string> mistakes)
    {
        try
        {
            return Path.GetFullPath(path);
        }
        catch (ArgumentException)
        {
            mistakes.Add($"{setting} is '{path}', which is no path.");
            // What is made of it is read on, to find every mistake.
            return Path.GetFullPath(".");
        }
    }
}
