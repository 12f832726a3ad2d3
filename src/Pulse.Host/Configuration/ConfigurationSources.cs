namespace Pulse.Host.Configuration;

/// <summary>Where configuration comes from, the later over the earlier.</summary>
internal static class ConfigurationSources
{
    /// <summary><c>appsettings.json</c> beside the program and here, the environment, then the command line.</summary>
    /// <param name="overrides">What the command line says.</param>
    /// <exception cref="ConfigurationException">A file is no JSON.</exception>
    public static IConfigurationRoot Read(IReadOnlyDictionary<string, string?> overrides)
    {
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
