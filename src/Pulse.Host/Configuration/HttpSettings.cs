using System.Net;

namespace Pulse.Host.Configuration;

/// <summary>Where and to whom the dashboard and the API answer, checked.</summary>
/// <param name="Address">The address to listen on.</param>
/// <param name="Port">The port; 0 for any free one.</param>
/// <param name="ApiKey">The key that API clients send and people type in; null: none.</param>
/// <param name="OpenIdConnect">Who signs people in; null: nobody.</param>
/// <param name="RequestsPerSecond">How many requests a second one client address may make.</param>
internal sealed record HttpSettings(
    IPAddress Address, int Port, string? ApiKey, OpenIdConnectOptions? OpenIdConnect, int RequestsPerSecond)
{
    public const int ShortestApiKey = 16;

    /// <summary>Loopback, for everybody who is on this machine.</summary>
    public static HttpSettings Loopback(int port) => new(IPAddress.Loopback, port, null, null, 1_000);

    /// <summary>Whether to believe what requests say of the client and the address that it used.</summary>
    public bool IsBehindProxy { get; init; }

    /// <summary>Whether people and programs must say who they are.</summary>
    public bool IsProtected => ApiKey is not null || OpenIdConnect is not null;

    public static HttpSettings Read(HttpOptions options, List<string> mistakes)
    {
        if (options.Port is < 0 or > 65_535)
            mistakes.Add($"Pulse:Http:Port is {options.Port}; use 0 to 65535 (0: any free port).");
        if (!IPAddress.TryParse(options.Bind == "localhost" ? "127.0.0.1" : options.Bind, out var address))
        {
            mistakes.Add($"Pulse:Http:Bind is '{options.Bind}'; use an IP address such as 127.0.0.1 or 0.0.0.0.");
            address = IPAddress.Loopback;
        }

        if (options.ApiKey is { Length: < ShortestApiKey })
            mistakes.Add($"Pulse:Http:ApiKey has {options.ApiKey.Length} characters; use {ShortestApiKey} or more.");
        if (options.OpenIdConnect is { } provider)
            CheckProvider(provider, mistakes);
        if (options.RequestsPerSecond < 1)
            mistakes.Add($"Pulse:Http:RequestsPerSecond is {options.RequestsPerSecond}; use 1 or more.");

        var settings = new HttpSettings(
            address, options.Port, options.ApiKey, options.OpenIdConnect, options.RequestsPerSecond)
        {
            IsBehindProxy = options.BehindProxy,
        };
        if (!IPAddress.IsLoopback(address) && !settings.IsProtected && !options.AllowAnonymous)
            mistakes.Add($"Pulse:Http:Bind is {address}, where others can reach the dashboard and the API without saying who "
                + "they are. Set Pulse:Http:ApiKey or Pulse:Http:OpenIdConnect, or for a demo Pulse:Http:AllowAnonymous=true.");
        return settings;
    }

    private static void CheckProvider(OpenIdConnectOptions provider, List<string> mistakes)
    {
        if (!Uri.TryCreate(provider.Authority, UriKind.Absolute, out var authority)
            || (authority.Scheme != Uri.UriSchemeHttps && !authority.IsLoopback))
            mistakes.Add($"Pulse:Http:OpenIdConnect:Authority is '{provider.Authority}'; use the provider's https address.");
        if (string.IsNullOrWhiteSpace(provider.ClientId))
            mistakes.Add("Pulse:Http:OpenIdConnect:ClientId is empty; use the name that Pulse has at the provider.");
    }

    /// <summary>Without the secrets.</summary>
    public override string ToString() => $"{Address}:{Port}";
}
