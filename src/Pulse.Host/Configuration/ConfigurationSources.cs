using System.Globalization;

namespace Pulse.Host.Configuration;

/// <summary>Where configuration comes from, the later over the earlier.</summary>
internal static class ConfigurationSources
{
    /// <summary><c>appsettings.json</c> beside the program and here, the environment, then the command line.</summary>
    /// <param name="dataDirectory">What the command line says of <c>Pulse:Data</c>; null: nothing.</param>
    /// <param name="port">What the command line says of <c>Pulse:Http:Port</c>; null: nothing.</param>
    /// <exception cref="ConfigurationException">A file is no JSON.</exception>
    public static IConfigurationRoot Read(string? dataDirectory = null, int? port = null)
    {
        var overrides = new Dictionary<string, string?>();
        if (dataDirectory is not null)
            overrides["Pulse:Data"] = dataDirectory;
        if (port is { } number)
            overrides["Pulse:Http:Port"] = number.ToString(CultureInfo.InvariantCulture);
        try
        {
            return new ConfigurationBuilder()
                .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true)
                .AddJsonFile(Path.GetFullPath("appsettings.json"), optional: true)
                .AddEnvironmentVariables()
                .AddInMemoryCollection(overrides)
                .Build();
        }
        catch (InvalidDataException exception)
        {
            // The innermost one knows the line and the column.
            throw new ConfigurationException(
                $"Configuration: {exception.Message} {exception.GetBaseException().Message.ReplaceLineEndings(" ")}");
        }
    }
}
