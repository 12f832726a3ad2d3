using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Pulse.Testing.Kafka;

/// <summary>
/// A folder with Apache Kafka's libraries, from which brokers can be started: a distribution as it is unpacked, or the
/// shortened one that lies beside this repository.
/// </summary>
/// <param name="Libraries">The folder with the jars.</param>
/// <param name="Java">The program that runs them.</param>
public sealed partial record KafkaHome(string Libraries, string Java)
{
    /// <summary>Names the folder; without it the one beside this repository is taken.</summary>
    public const string Variable = "PULSE_TEST_KAFKA_HOME";

    private const int OldestJava = 17;
    private const string JavaMissing =
        "Kafka needs Java 17 or newer as 'java' on the PATH (Debian: apt-get install default-jre-headless).";

    /// <summary>Looks where the variable says, then in <c>../shared/kafka</c> of this repository.</summary>
    /// <param name="missing">Why there is none.</param>
    /// <returns>Null where no Kafka can be started from a folder.</returns>
    /// <exception cref="InvalidOperationException">The variable names a folder without Kafka.</exception>
    public static KafkaHome? Find(out string missing) => Find(Environment.GetEnvironmentVariable(Variable), out missing);

    /// <summary>The same with the variable's value.</summary>
    public static KafkaHome? Find(string? named, out string missing)
    {
        missing = "";
        var folder = string.IsNullOrWhiteSpace(named) ? Beside("shared", "kafka") : named;
        if (folder is null || LibrariesIn(folder) is not { } libraries)
        {
            if (!string.IsNullOrWhiteSpace(named))
                throw new InvalidOperationException(
                    $"{Variable} is '{named}', where there is no libs/kafka_*.jar; name an unpacked Apache Kafka.");
            missing = $"There is no Kafka: name an unpacked Apache Kafka in {Variable}.";
            return null;
        }

        var java = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Where(path => path.Length > 0).Select(path => Path.Combine(path, "java")).FirstOrDefault(File.Exists);
        if (java is not null && VersionOf(java) >= OldestJava)
            return new KafkaHome(libraries, java);
        missing = JavaMissing;
        return null;
    }

    private static int VersionOf(string java)
    {
        using var process = Process.Start(new ProcessStartInfo(java, ["-version"]) { RedirectStandardError = true })!;
        var words = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return JavaVersion().Match(words) is { Success: true } version
            ? int.Parse(version.Groups["major"].Value, CultureInfo.InvariantCulture)
            : 0;
    }

    private static string? LibrariesIn(string folder)
    {
        var libraries = Path.GetFullPath(Path.Combine(folder, "libs"));
        return Directory.Exists(libraries) && Directory.GetFiles(libraries, "kafka_*.jar").Length > 0 ? libraries : null;
    }

    // Tests run from deep inside the repository.
    private static string? Beside(params string[] path)
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Pulse.sln")))
            folder = Path.GetDirectoryName(folder);
        return Path.GetDirectoryName(folder) is { } parent ? Path.Combine([parent, .. path]) : null;
    }

    [GeneratedRegex(@"version ""(?<major>\d+)")]
    private static partial Regex JavaVersion();
}
