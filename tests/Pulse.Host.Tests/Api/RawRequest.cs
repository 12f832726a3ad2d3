using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Pulse.Host.Tests.Api;

/// <summary>A request as it is written: method and address, headers a line each, an empty line, the body.</summary>
internal sealed record RawRequest(string Method, string Path, string Query, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body)
{
    private const string Token = "!#$%&'*+-.^_`|~";

    /// <summary>Reads what is written. What a server would not hand on (a method that is none, a control character) is left out.</summary>
    public static RawRequest Of(byte[] input)
    {
        var text = Encoding.Latin1.GetString(input);
        var end = text.IndexOf("\n\n", StringComparison.Ordinal) is >= 0 and var found ? found : text.Length;
        var lines = text[..end].Split('\n');
        var space = lines[0].IndexOf(' ', StringComparison.Ordinal);
        var method = space < 0 ? "" : lines[0][..space];
        var (path, query) = Divided(Escaped(lines[0][(space + 1)..]), '?');
        return new RawRequest(
            IsToken(method) ? method : HttpMethods.Get,
            path,
            query,
            [.. lines.Skip(1).Select(line => Divided(line, ':')).Where(header => IsToken(header.First)).Select(header => (header.First, Printable(header.Second)))],
            input[Math.Min(end + 2, input.Length)..]);
    }

    /// <summary>The same with another header.</summary>
    public RawRequest With(string name, string value) => this with
    {
        Headers = [.. Headers.Where(header => !header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)), (name, value)],
    };

    /// <summary>Makes a request of it, as a server does that has it from the wire.</summary>
    public void Fill(HttpContext context)
    {
        var request = context.Request;
        request.Method = Method;
        // A slash that is escaped belongs to a name.
        request.Path = new PathString(Uri.UnescapeDataString("/" + Path.TrimStart('/').Replace("%2F", "%252F", StringComparison.OrdinalIgnoreCase)));
        request.QueryString = Query.Length == 0 ? QueryString.Empty : new QueryString("?" + Query);
        foreach (var (name, value) in Headers)
            request.Headers.Append(name, value);
        request.Headers.ContentLength = Body.Length;
        request.Body = new MemoryStream(Body);
    }

    private static (string First, string Second) Divided(string text, char at) =>
        text.IndexOf(at, StringComparison.Ordinal) is >= 0 and var place ? (text[..place], text[(place + 1)..].Trim()) : (text, "");

    // As browsers do it.
    private static string Escaped(string target) => string.Concat(target.Select(
        each => each is > ' ' and < '\x7f' ? each.ToString() : string.Create(CultureInfo.InvariantCulture, $"%{(int)each:X2}")));

    private static bool IsToken(string text) =>
        text.Length > 0 && text.All(each => char.IsAsciiLetterOrDigit(each) || Token.Contains(each, StringComparison.Ordinal));

    private static string Printable(string text) => string.Concat(text.Where(each => each is >= ' ' and < '\x7f'));
}
