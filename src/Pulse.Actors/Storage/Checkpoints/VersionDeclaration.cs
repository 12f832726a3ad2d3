using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>
/// Everything that decides what a rollup counts, as one line that is stored. Rollups with the same line count the same; a
/// change of it is another version.
/// </summary>
internal sealed record VersionDeclaration
{
    private const string Separator = "; ";
    private const string Window = "window ";
    private const string Lateness = "lateness ";

    /// <summary>Writes the line.</summary>
    /// <param name="rollup">The rollup.</param>
    /// <param name="windowLength">The length of its windows.</param>
    /// <param name="allowedLateness">How late an event may be; null: without limit.</param>
    public VersionDeclaration(Rollup rollup, TimeSpan windowLength, TimeSpan? allowedLateness = null)
    {
        // Names are SQL identifiers, so that no separator can be part of one.
        Text = string.Create(
            CultureInfo.InvariantCulture,
            $"rollup {rollup.Name}; dimensions {string.Join(", ", rollup.Dimensions)}; buckets {rollup.Buckets}{Separator}"
            + $"{Window}{windowLength.TotalSeconds:0.###} s{(allowedLateness is { } late ? $"{Separator}{Lateness}{late.TotalMilliseconds:0} ms" : "")}");
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(Text));
        Digest = Convert.ToHexStringLower(digest);
        Counted = new CountedVersion(rollup.Name, new VersionDigest(BinaryPrimitives.ReadUInt128BigEndian(digest)), rollup.Buckets);
    }

    /// <summary>What counting needs to know of it; its digest is the first half of <see cref="Digest"/>.</summary>
    public CountedVersion Counted { get; }

    /// <summary>The line: <c>rollup viewsByDeviceGenre; dimensions device_type, genre; buckets 16; window 300 s</c>.</summary>
    public string Text { get; }

    /// <summary>SHA-256 of <see cref="Text"/> in UTF-8, as lower-case hexadecimal digits.</summary>
    public string Digest { get; }

    /// <summary>
    /// What this declares otherwise than a line that was stored before: a part of a sentence each, which names both and says
    /// what to do.
    /// </summary>
    public IEnumerable<string> ChangesSince(string stored)
    {
        var (before, now) = (Parts(stored), Parts(Text));
        if (before.Window != now.Window)
            yield return $"windows were first counted with a length of {before.Window} and are now configured as {now.Window}; "
                + "configure Pulse:Window as before, or use an empty database";
        if (before.Lateness != now.Lateness)
            yield return $"events were first counted with an allowed lateness of {before.Lateness} and it is now configured as "
                + $"{now.Lateness}; configure Pulse:AllowedLateness as before, or use an empty database";
        if (before.Rollup != now.Rollup)
            yield return $"a rollup was first counted as '{before.Rollup}' and is now declared as '{now.Rollup}'; "
                + "declare it as before, or give the new rollup another name";
    }

    /// <inheritdoc />
    public override string ToString() => Text;

    private static (string Rollup, string Window, string Lateness) Parts(string text)
    {
        var parts = text.Split(Separator).ToLookup(part =>
            part.StartsWith(Window, StringComparison.Ordinal) ? Window : part.StartsWith(Lateness, StringComparison.Ordinal) ? Lateness : "");
        return (
            string.Join(Separator, parts[""]),
            string.Concat(parts[Window].Select(part => part[Window.Length..])),
            parts[Lateness].Select(part => part[Lateness.Length..]).FirstOrDefault("no limit"));
    }
}
