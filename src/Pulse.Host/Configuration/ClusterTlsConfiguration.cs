using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pulse.Actors.Hosting;

namespace Pulse.Host.Configuration;

/// <summary>Reads the files that the section <c>Pulse:Cluster:Tls</c> names.</summary>
internal static class ClusterTlsConfiguration
{
    private const string Section = "Pulse:Cluster:Tls";
    private const string Certificate = Section + ":CertificateFile";
    private const string Key = Section + ":KeyFile";
    private const string Authority = Section + ":AuthorityFile";

    /// <summary>Reads and checks the files, adding a line for what is wrong.</summary>
    /// <returns>Null where no file is named, or something is wrong.</returns>
    public static ClusterTls? Read(ClusterTlsOptions options, List<string> mistakes)
    {
        (string Name, string? Path)[] files =
            [(Certificate, options.CertificateFile), (Key, options.KeyFile), (Authority, options.AuthorityFile)];
        var absent = files.Where(file => string.IsNullOrEmpty(file.Path)).Select(file => file.Name).ToList();
        if (absent.Count == files.Length)
            return null;
        if (absent.Count > 0)
        {
            mistakes.Add($"{string.Join(" and ", absent)} must name a PEM file too: certificate, key and authority "
                + "belong together.");
            return null;
        }

        var before = mistakes.Count;
        var texts = files.Select(file => Text(file.Name, file.Path!, mistakes)).ToArray();
        if (mistakes.Count > before)
            return null;
        var certificate = CertificateOf(texts[0], options.CertificateFile!, mistakes);
        var authority = AuthorityOf(texts[2], options.AuthorityFile!, mistakes);
        if (certificate is null || authority is null || !IsKey(texts[1], options, mistakes))
            return null;
        if (WithKey(texts[0], texts[1], options, mistakes) is not { } identity)
            return null;

        var tls = new ClusterTls(identity, authority);
        if (tls.Objection(identity, []) is not { } objection)
            return tls;
        mistakes.Add($"{Certificate}: '{options.CertificateFile}' was not issued by the authority in "
            + $"'{options.AuthorityFile}' ({objection.TrimEnd('.')}).");
        return null;
    }

    private static string Text(string name, string path, List<string> mistakes)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            mistakes.Add($"{name} is '{path}', which can't be read ({exception.Message.TrimEnd('.')}).");
            return "";
        }
    }

    private static X509Certificate2? CertificateOf(string text, string path, List<string> mistakes)
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPem(text);
            CheckTime(certificate, Certificate, path, mistakes);
            return certificate;
        }
        catch (CryptographicException)
        {
            mistakes.Add($"{Certificate}: '{path}' holds no PEM certificate.");
            return null;
        }
    }

    private static X509Certificate2Collection? AuthorityOf(string text, string path, List<string> mistakes)
    {
        var authority = new X509Certificate2Collection();
        try
        {
            authority.ImportFromPem(text);
        }
        catch (CryptographicException)
        {
            // Told below.
        }

        if (authority.Count == 0)
        {
            mistakes.Add($"{Authority}: '{path}' holds no PEM certificate.");
            return null;
        }

        foreach (var certificate in authority)
            CheckTime(certificate, Authority, path, mistakes);
        return authority;
    }

    private static bool IsKey(string text, ClusterTlsOptions options, List<string> mistakes)
    {
        if (text.Contains("ENCRYPTED", StringComparison.Ordinal))
            mistakes.Add($"{Key}: '{options.KeyFile}' is encrypted; give the key without a password, readable by Pulse only.");
        else if (!text.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            mistakes.Add($"{Key}: '{options.KeyFile}' holds no PEM private key.");
        else
            return true;
        return false;
    }

    private static X509Certificate2? WithKey(
        string certificate, string key, ClusterTlsOptions options, List<string> mistakes)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            mistakes.Add($"{Key}: '{options.KeyFile}' is not the key of the certificate in '{options.CertificateFile}'.");
            return null;
        }
    }

    private static void CheckTime(X509Certificate2 certificate, string name, string path, List<string> mistakes)
    {
        var now = DateTime.UtcNow;
        if (now > certificate.NotAfter.ToUniversalTime())
            mistakes.Add($"{name}: the certificate in '{path}' expired at {Utc(certificate.NotAfter)}; put a new one there.");
        else if (now < certificate.NotBefore.ToUniversalTime())
            mistakes.Add($"{name}: the certificate in '{path}' is valid only from {Utc(certificate.NotBefore)} on; "
                + "check it and this machine's clock.");
    }

    private static string Utc(DateTime time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
