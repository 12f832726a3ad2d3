namespace Pulse.Dashboard.Tests;

/// <summary>Finds axe-core, which npm installs: it is not kept in the repository.</summary>
internal static class AxeScript
{
    public const string Missing =
        "There is no axe-core; run 'npm install --no-save axe-core' in the repository or above it, or set PULSE_AXE to axe.min.js.";

    public static string? Find()
    {
        if (Environment.GetEnvironmentVariable("PULSE_AXE") is { } given)
            return given;
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var script = Path.Combine(directory.FullName, "node_modules", "axe-core", "axe.min.js");
            if (File.Exists(script))
                return script;
        }

        return null;
    }
}
