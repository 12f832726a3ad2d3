using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Pulse.Host.Access;

/// <summary>The keys that sign people's cookies and the forms of pages: in a directory, or where that can't be, in memory.</summary>
internal static class CookieKeys
{
    /// <summary>Why keys can't be kept in a directory; null: they can.</summary>
    public static string? Objection(string directory)
    {
        // A directory that can be read alone serves until its newest key expires, and then no page does.
        if (StartChecks.Objection(directory) is { } objection)
            return objection;
        try
        {
            // As pages do it: with the keys that are there, or a new one, which takes the directory for temporary files too.
            DataProtectionProvider.Create(new DirectoryInfo(directory)).CreateProtector("start").Protect([0]);
            return null;
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException
            or InvalidOperationException or System.Xml.XmlException)
        {
            return exception.GetBaseException().Message.TrimEnd('.');
        }
    }

    /// <summary>Keeps them in memory instead, until the process ends.</summary>
    public static void KeepInMemory(IServiceCollection services) =>
        services.Configure<KeyManagementOptions>(options => options.XmlRepository = new Memory());

    private sealed class Memory : IXmlRepository
    {
        private readonly ConcurrentQueue<XElement> _elements = [];

        public IReadOnlyCollection<XElement> GetAllElements() => [.. _elements.Select(element => new XElement(element))];

        public void StoreElement(XElement element, string friendlyName) => _elements.Enqueue(new XElement(element));
    }
}
