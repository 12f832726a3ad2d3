using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>
/// Everything that decides what a rollup counts, as one line that is stored. Rollups with the same line count the same; a
/// change of it is another version.
/// </summary>
internal sealed record VersionDeclaration
{
    /// <summary>The part that says which columns the table has: a change of it begins with this word.</summary>
    public const string Dimensions = "dimensions";

    private const string Separator = "; ";

    // Each part by its first word, and where a user finds what it says. Names are SQL identifiers, so that no separator can
    // be part of one.
    private static readonly IReadOnlyList<(string Word, string Setting)> Parts =
    [
        ("rollup", "Pulse:Rollups"),
        (Dimensions, "Dimensions in Pulse:Rollups"),
        ("buckets", "Buckets in Pulse:Rollups"),
        ("keys", "MaximumKeys in Pulse:Rollups"),
        ("window", "Pulse:Window"),
        ("skew", "Pulse:MaximumSkew"),
        ("lateness", "Pulse:AllowedLateness"),
        ("required", "the version of Pulse, which requires certain fields"),
        ("rules", "the version of Pulse, which has its rules for reading records"),
    ];

    /// <summary>Writes the line.</summary>
    /// <param name="rollup">The rollup.</param>
    /// <param name="rules">The rules by which records are counted.</param>
    public VersionDeclaration(Rollup rollup, CountingRules rules)
    {
        string[] values =
        [
            rollup.Name,
            string.Join(", ", rollup.Dimensions.Select(Derived)),
            Number(rollup.Buckets),
            Number(rollup.MaximumKeys),
            string.Create(CultureInfo.InvariantCulture, $"{rules.WindowLength.TotalSeconds:0.###} s"),
            Milliseconds(rules.MaximumSkew),
            rules.AllowedLateness is { } lateness ? Milliseconds(lateness) : "unlimited",
            string.Join(", ", EventSchema.Required),
            Number(EventSchema.DecodingRules),
        ];
        Rollup = rollup.Name;
        Text = string.Join(Separator, Parts.Zip(values, (part, value) => $"{part.Word} {value}"));
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(Text));
        Digest = Convert.ToHexStringLower(digest);
        Counted = new CountedVersion(rollup.Name, new VersionDigest(BinaryPrimitives.ReadUInt128BigEndian(digest)), rollup.Buckets);
    }

    /// <summary>The rollup's name.</summary>
    public string Rollup { get; }

    /// <summary>What counting needs to know of it; its digest is the first half of <see cref="Digest"/>.</summary>
    public CountedVersion Counted { get; }

    /// <summary>The line, in parts such as <c>buckets 16</c> that are separated by semicolons.</summary>
    public string Text { get; }

    /// <summary>SHA-256 of <see cref="Text"/> in UTF-8, as lower-case hexadecimal digits.</summary>
    public string Digest { get; }

    /// <summary>
    /// What this declares otherwise than a line that was stored before: a part of a sentence for each part of it, which says
    /// both and where it is set.
    /// </summary>
    public IEnumerable<string> ChangesSince(string stored)
    {
        var (before, now) = (Read(stored), Read(Text));
        return from part in Parts
               let was = before.GetValueOrDefault(part.Word, "not declared")
               where was != now[part.Word]
               select $"{part.Word} was '{was}' and is now '{now[part.Word]}' ({part.Setting})";
    }

    /// <inheritdoc />
    public override string ToString() => Text;

    private static Dictionary<string, string> Read(string text) => text.Split(Separator)
        .Select(part => part.Split(' ', 2))
        .ToDictionary(part => part[0], part => part.Length > 1 ? part[1] : "", StringComparer.Ordinal);

    private static string Derived(string name)
    {
        if (!Dimension.TryFind(name, out var dimension))
            return $"{name} = verdict";
        var derivation = dimension.Derivation switch
        {
            Derivation.Text => "text",
            Derivation.AgeGroup => "age",
            Derivation.Decade => "decade",
            _ => throw new InvalidOperationException($"The dimension '{name}' has an unknown derivation."),
        };
        return $"{name} = {derivation} {dimension.Field}";
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Milliseconds(TimeSpan value) =>
        string.Create(CultureInfo.InvariantCulture, $"{value.TotalMilliseconds:0} ms");
}
