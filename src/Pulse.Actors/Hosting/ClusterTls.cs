using System.Security.Cryptography.X509Certificates;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;

namespace Pulse.Actors.Hosting;

/// <summary>
/// Mutual TLS between the nodes: each proves by its certificate that it was issued by the cluster's own authority, which
/// is the only one that counts. Whoever has such a certificate is a node; names in it are not looked at, since nodes come
/// and go at addresses that nobody knows beforehand.
/// </summary>
public sealed class ClusterTls
{
    private readonly X509Certificate2Collection _authority;

    /// <summary>Takes what was read and checked.</summary>
    /// <param name="certificate">This node's, with its private key.</param>
    /// <param name="authority">The authority's root, and intermediates if there are any.</param>
    public ClusterTls(X509Certificate2 certificate, X509Certificate2Collection authority)
    {
        Certificate = certificate;
        _authority = authority;
    }

    /// <summary>This node's certificate.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Whether the authority issued a certificate that is valid now.</summary>
    /// <param name="certificate">Whose.</param>
    /// <param name="sent">What else its owner sent: perhaps intermediates.</param>
    /// <returns>Why not; null: it did.</returns>
    public string? Objection(X509Certificate2 certificate, IEnumerable<X509Certificate2> sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authority);
        chain.ChainPolicy.ExtraStore.AddRange(sent.ToArray());
        // A private authority has no server to ask; who is out gets no new certificate, or the authority is replaced.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate)
            ? null
            : string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation.Trim()).Distinct());
    }

    internal DotNettySslSetup ToSetup() => new(
        Certificate,
        suppressValidation: false,
        requireMutualAuthentication: true,
        validateCertificateHostname: false,
        (certificate, chain, peer, _, log) =>
        {
            var objection = certificate is null
                ? "it has none"
                : Objection(certificate, chain?.ChainElements.Select(element => element.Certificate) ?? []);
            if (objection is not null)
                log.Debug("The certificate of {0} is refused: {1}", peer, objection);
            return objection is null;
        });
}
