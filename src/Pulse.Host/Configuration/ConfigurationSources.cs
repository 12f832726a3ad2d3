using System.Collections;
using System.Globalization;
using System.Text.Json;

namespace Pulse.Host.Configuration;

/// <summary>Where configuration comes from, the later over the earlier.</summary>
internal static class ConfigurationSources
{
    private const string Section = PulseOptions.Section;
    private const string Variables = "the environment";

    private static readonly JsonDocumentOptions Json = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>
    /// <c>appsettings.json</c> beside the program and here, the environment, then the command line. What is nearly a setting, and would be
    /// passed over, is refused, or where another program may mean it, said on the error stream.
    /// </summary>
    /// <param name="dataDirectory">What the command line says of <c>Pulse:Data</c>; null: nothing.</param>
    /// <param name="port">What the command line says of <c>Pulse:Http:Port</c>; null: nothing.</param>
    /// <exception cref="ConfigurationException">A file is no JSON, or something is no setting that can only be meant as one.</exception>
    public static IConfigurationRoot Read(string? dataDirectory = null, int? port = null)
    {
        var overrides = new Dictionary<string, string?>();
        if (dataDirectory is not null)
            overrides["Pulse:Data"] = dataDirectory;
        if (port is { } number)
            overrides["Pulse:Http:Port"] = number.ToString(CultureInfo.InvariantCulture);
        string[] files = [Path.Combine(AppContext.BaseDirectory, "appsettings.json"), Path.GetFullPath("appsettings.json")];
        var builder = new ConfigurationBuilder();
        var found = new List<Finding>();
        foreach (var file in files.Distinct().Where(File.Exists))
        {
            var content = ReadFile(file);
            builder.AddConfiguration(content);
            found.AddRange(InFile(file, content));
        }

        var configuration = builder.AddEnvironmentVariables().AddInMemoryCollection(overrides).Build();
        found.AddRange(InEnvironment(configuration));
        foreach (var doubt in found.Where(each => !each.IsMistake))
            System.Console.Error.WriteLine($"Warning: {doubt.Line}");
        var mistakes = found.Where(each => each.IsMistake).Select(each => each.Line).ToList();
        return mistakes.Count == 0 ? configuration : throw new ConfigurationException(mistakes);
    }

    /// <summary>What a settings file says.</summary>
    /// <exception cref="ConfigurationException">It can't be read, or is no JSON.</exception>
    internal static IConfigurationRoot ReadFile(string file)
    {
        try
        {
            return new ConfigurationBuilder().AddJsonFile(file).Build();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(
                $"Configuration: {file} can't be read ({exception.Message.TrimEnd('.')}). Let Pulse's user read it, or take it away.");
        }
        catch (InvalidDataException exception)
        {
            // The innermost one knows the line and the column.
            throw new ConfigurationException(
                $"Configuration: {exception.Message} {exception.GetBaseException().Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>What is nearly a setting in a file.</summary>
    internal static IEnumerable<Finding> InFile(string file, IConfigurationRoot content)
    {
        // As configuration, what is null is the same as what is empty.
        using var document = JsonDocument.Parse(File.ReadAllText(file), Json);
        foreach (var property in document.RootElement.EnumerateObject().Where(property => IsSection(property.Name)))
        {
            if (property.Value.ValueKind != JsonValueKind.Object)
                yield return new Finding(true, $"{property.Name} in {file} is no section; write {{\"{Section}\": {{ … }}}} with settings in it.");
        }

        foreach (var (path, value) in content.AsEnumerable().OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (value is not null && Misspelling.OfPath(path) is { } misspelling)
                yield return Of(misspelling, path, file, $"{Section}:{misspelling.Setting}");
        }
    }

    private static IEnumerable<Finding> InEnvironment(IConfigurationRoot configuration)
    {
        foreach (var (name, value) in Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(entry => ((string)entry.Key, (string?)entry.Value)).OrderBy(pair => pair.Item1, StringComparer.Ordinal))
        {
            if (IsSection(name))
                yield return new Finding(
                    true, $"{name} in {Variables} is no setting, but the section of all; write them as {Section}__Kafka__BootstrapServers.");
            else if (Misspelling.OfVariable(name, value, path => configuration[$"{Section}:{path}"] is not null) is { } misspelling)
                yield return Of(
                    misspelling, name, Variables, $"{Section}__{misspelling.Setting.Replace(":", "__", StringComparison.Ordinal)}");
        }
    }

    private static Finding Of(Misspelling misspelling, string name, string place, string right) => new(
        misspelling.IsCertain,
        $"{name} in {place} is no setting of Pulse and is not read; "
        + (misspelling.IsCertain ? "" : "if it is meant for Pulse, ")
        + $"write {right}."
        + (misspelling.IsOfAnybody ? " If it is another program's, write that too, or keep this one from Pulse." : ""));

    private static bool IsSection(string name) => name.Equals(Section, StringComparison.OrdinalIgnoreCase);

    /// <summary>A name that is nearly a setting.</summary>
    /// <param name="IsMistake">Whether it can only be meant as one.</param>
    /// <param name="Line">What to write instead.</param>
    internal sealed record Finding(bool IsMistake, string Line);
}
