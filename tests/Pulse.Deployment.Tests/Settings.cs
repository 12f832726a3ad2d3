using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Confluent.Kafka;
using Microsoft.Extensions.Configuration;
using Pulse.Host.Configuration;

namespace Pulse.Deployment.Tests;

/// <summary>What a container's environment makes of a node, by the host's own reading and checking.</summary>
internal static class Settings
{
    private const string Prefix = "Pulse__";

    /// <exception cref="ConfigurationException">The host would refuse to start; it says why.</exception>
    public static NodeConfiguration Read(IReadOnlyDictionary<string, string> environment)
    {
        using var files = new MountedFiles();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(environment
            .Where(each => each.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            .Select(each => KeyValuePair.Create(
                each.Key.Replace("__", ":", StringComparison.Ordinal), (string?)files.Replace(each)))).Build();
        var node = NodeConfiguration.Read(configuration);
        CheckClient(node);
        return node;
    }

    // librdkafka knows all properties and their values; no broker is asked.
    private static void CheckClient(NodeConfiguration node)
    {
        var properties = node.Settings.Kafka.ClientProperties();
        properties["bootstrap.servers"] = "127.0.0.1:1";
        using var client = new AdminClientBuilder(new AdminClientConfig(properties))
            .SetLogHandler((_, _) => { })
            .SetErrorHandler((_, _) => { })
            .Build();
    }

    /// <summary>Stands in for the files that secrets bring into a container.</summary>
    private sealed class MountedFiles : IDisposable
    {
        private readonly string _directory = Directory.CreateTempSubdirectory("pulse-deployment-").FullName;

        public MountedFiles()
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=pulse", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            File.WriteAllText(Path.Combine(_directory, "certificate"), certificate.ExportCertificatePem());
            File.WriteAllText(Path.Combine(_directory, "key"), key.ExportPkcs8PrivateKeyPem());
        }

        public string Replace(KeyValuePair<string, string> setting) =>
            setting.Key.EndsWith("KeyFile", StringComparison.Ordinal) ? Path.Combine(_directory, "key")
            : setting.Key.EndsWith("File", StringComparison.Ordinal) ? Path.Combine(_directory, "certificate")
            : setting.Value;

        public void Dispose() => Directory.Delete(_directory, recursive: true);
    }
}
