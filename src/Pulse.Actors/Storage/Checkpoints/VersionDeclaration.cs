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
    /// <summary>Writes the line.</summary>
    /// <param name="rollup">The rollup.</param>
    /// <param name="windowLength">The length of its windows.</param>
    /// <param name="allowedLateness">How late an event may be; null: without limit.</param>
    public VersionDeclaration(Rollup rollup, TimeSpan windowLength, TimeSpan? allowedLateness = null)
    {
        // Names are SQL identifiers, so that no separator can be part of one.
        Text = string.Create(
            CultureInfo.InvariantCulture,
            $"rollup {rollup.Name}; dimensions {string.Join(", ", rollup.Dimensions)}; buckets {rollup.Buckets}; "
            + $"window {windowLength.TotalSeconds:0.###} s{(allowedLateness is { } late ? $"; lateness {late.TotalMilliseconds:0} ms" : "")}");
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

    /// <inheritdoc />
    public override string ToString() => Text;
}
