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
    public VersionDeclaration(Rollup rollup, TimeSpan windowLength)
    {
        // Names are SQL identifiers, so that no separator can be part of one.
        Text = string.Create(
            CultureInfo.InvariantCulture,
            $"rollup {rollup.Name}; dimensions {string.Join(", ", rollup.Dimensions)}; buckets {rollup.Buckets}; "
            + $"window {windowLength.TotalSeconds:0.###} s");
        Digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));
    }

    /// <summary>The line: <c>rollup viewsByDeviceGenre; dimensions device_type, genre; buckets 16; window 300 s</c>.</summary>
    public string Text { get; }

    /// <summary>SHA-256 of <see cref="Text"/> in UTF-8, as lower-case hexadecimal digits.</summary>
    public string Digest { get; }

    /// <inheritdoc />
    public override string ToString() => Text;
}
