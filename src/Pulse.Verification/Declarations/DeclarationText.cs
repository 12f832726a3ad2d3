using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Pulse.Verification.Events;

namespace Pulse.Verification.Declarations;

/// <summary>
/// Reads the stored line of a declaration: <c>rollup R; dimensions c = text F, d = age F; buckets 16; keys 1000000; window 300 s;
/// skew 300000 ms; lateness unlimited; required F, G; rules 1</c>. What it does not know, it refuses: a part that was left out of
/// account would make the judge wrong.
/// </summary>
internal static partial class DeclarationText
{
    private const int MaximumBuckets = 4096;
    private const string KnownRules = "1";

    private static readonly string[] Parts = ["rollup", "dimensions", "buckets", "keys", "window", "skew", "lateness", "required", "rules"];

    /// <summary>Reads a declaration.</summary>
    /// <param name="text">The line.</param>
    /// <param name="digest">What the database has as its digest.</param>
    /// <exception cref="FormatException">It can't be judged by this program; the message says why.</exception>
    public static Declaration Parse(string text, string digest)
    {
        if (digest != Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))))
            throw new FormatException($"the digest '{digest}' is not that of the declaration '{text}'");

        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in text.Split("; "))
        {
            var space = part.IndexOf(' ', StringComparison.Ordinal);
            var name = space < 0 ? part : part[..space];
            if (!Parts.Contains(name))
                throw new FormatException($"the declaration '{text}' has a part '{part}', which this program does not know");
            if (!parts.TryAdd(name, space < 0 ? "" : part[(space + 1)..]))
                throw new FormatException($"the declaration '{text}' has two parts '{name}'");
        }

        if (Parts.FirstOrDefault(name => !parts.ContainsKey(name)) is { } absent)
            throw new FormatException($"the declaration '{text}' has no part '{absent}'");
        if (parts["rules"] != KnownRules)
            throw new FormatException(
                $"the declaration '{text}' is by rules {parts["rules"]}, and this program knows rules {KnownRules} alone");
        return Of(text, parts);
    }

    private static Declaration Of(string text, Dictionary<string, string> parts)
    {
        var required = parts["required"].Split(", ").Select(name => Field(text, name)).ToImmutableArray();
        if (required.Contains(EventField.EventTimestamp) || required.Distinct().Count() != required.Length)
            throw Unknown(text, "required", parts["required"]);
        var dimensions = parts["dimensions"].Split(", ").Select(dimension => DimensionOf(text, dimension)).ToImmutableArray();
        if (dimensions.Length > 1 && dimensions.Any(dimension => dimension.Derivation == Derivation.Verdict))
            throw Unknown(text, "dimensions", parts["dimensions"]);
        var buckets = Number(text, parts, "buckets", "");
        var window = Number(text, parts, "window", " s");
        if (buckets is 0 or > MaximumBuckets || window is 0 or > 86_400)
            throw Unknown(text, buckets is 0 or > MaximumBuckets ? "buckets" : "window", text);
        Number(text, parts, "keys", "");
        return new Declaration(
            parts["rollup"],
            dimensions,
            (int)buckets,
            window * 1000,
            parts["lateness"] == "unlimited" ? long.MaxValue : Number(text, parts, "lateness", " ms"),
            new EventRules(required, Number(text, parts, "skew", " ms")));
    }

    private static DeclaredDimension DimensionOf(string text, string dimension)
    {
        if (Dimension().Match(dimension) is not { Success: true, Groups: var groups })
            throw Unknown(text, "dimension", dimension);
        var column = groups["column"].Value;
        if (groups["how"].Value == "verdict")
            return new DeclaredDimension(column, Derivation.Verdict, default);
        var field = Field(text, groups["field"].Value);
        var derivation = field switch
        {
            EventField.UserAge => Derivation.Age,
            EventField.ReleaseYear => Derivation.Decade,
            _ => Derivation.Text,
        };
        return groups["how"].Value.StartsWith(derivation.ToString(), StringComparison.OrdinalIgnoreCase)
            && field != EventField.EventTimestamp
                ? new DeclaredDimension(column, derivation, field)
                : throw Unknown(text, "dimension", dimension);
    }

    private static EventField Field(string text, string name) =>
        Enum.GetNames<EventField>().Contains(name) ? Enum.Parse<EventField>(name) : throw Unknown(text, "field", name);

    private static long Number(string text, Dictionary<string, string> parts, string name, string unit) =>
        parts[name].EndsWith(unit, StringComparison.Ordinal)
        && long.TryParse(parts[name].AsSpan(0, parts[name].Length - unit.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number <= int.MaxValue * 1000L
            ? number
            : throw Unknown(text, name, parts[name]);

    private static FormatException Unknown(string text, string what, string value) =>
        new($"the declaration '{text}' says of {what} '{value}', which this program does not understand");

    // A column's name goes into SQL as it stands.
    [GeneratedRegex(@"^(?<column>[A-Za-z_][A-Za-z0-9_]{0,62}) = (?<how>verdict|(text|age|decade) (?<field>[A-Za-z]+))\z")]
    private static partial Regex Dimension();
}
