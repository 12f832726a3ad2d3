using System.Security.Cryptography;
using System.Text;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Counting;
using Pulse.Events;
using Pulse.Verification.Declarations;
using Derivation = Pulse.Verification.Declarations.Derivation;
using EventField = Pulse.Verification.Declarations.EventField;

namespace Pulse.Verification.Tests.Declarations;

public sealed class DeclarationTextTests
{
    private const string Line = "rollup viewsByTitle; dimensions content_name = text ContentName, age_group = age UserAge, release_decade = decade ReleaseYear; "
        + "buckets 3; keys 1000000; window 300 s; skew 300000 ms; lateness 86400000 ms; required DeviceType, UserAge; rules 1";

    [Fact]
    public void A_declaration_is_read()
    {
        var declaration = Parse(Line);

        Assert.Equal(("viewsByTitle", 3, 300_000L, 86_400_000L, false), (
            declaration.Rollup, declaration.Buckets, declaration.WindowMilliseconds, declaration.LatenessMilliseconds, declaration.IsOfDeadLetters));
        Assert.Equal(
            [
                new DeclaredDimension("content_name", Derivation.Text, EventField.ContentName),
                new DeclaredDimension("age_group", Derivation.Age, EventField.UserAge),
                new DeclaredDimension("release_decade", Derivation.Decade, EventField.ReleaseYear),
            ],
            declaration.Dimensions);
        Assert.Equal(300_000, declaration.Rules.SkewMilliseconds);
        Assert.Equal([EventField.DeviceType, EventField.UserAge], declaration.Rules.Required);
    }

    [Fact]
    public void What_nodes_declare_is_read()
    {
        Assert.All(RollupCatalog.Default.Counted, rollup =>
        {
            var stored = new VersionDeclaration(rollup, CountingRules.Default);
            var declaration = DeclarationText.Parse(stored.Text, stored.Digest);
            Assert.Equal((rollup.Name, rollup.Buckets, long.MaxValue), (declaration.Rollup, declaration.Buckets, declaration.LatenessMilliseconds));
            Assert.Equal(rollup.Dimensions, declaration.Dimensions.Select(dimension => dimension.Column));
            Assert.Equal(rollup.Name == DeadLetters.RollupName, declaration.IsOfDeadLetters);
        });
    }

    [Theory]
    [InlineData("rules 1", "rules 2", "is by rules 2, and this program knows rules 1 alone")]
    [InlineData("rules 1", "rules 1; filter x", "has a part 'filter x', which this program does not know")]
    [InlineData("keys 1000000; ", "", "has no part 'keys'")]
    [InlineData("buckets 3", "buckets 3; buckets 3", "has two parts 'buckets'")]
    [InlineData("buckets 3", "buckets 0", "says of buckets")]
    [InlineData("keys 1000000", "keys many", "says of keys 'many'")]
    [InlineData("window 300 s", "window 0.5 s", "says of window '0.5 s'")]
    [InlineData("window 300 s", "window 0 s", "says of window")]
    [InlineData("skew 300000 ms", "skew -1 ms", "says of skew '-1 ms'")]
    [InlineData("lateness 86400000 ms", "lateness 1 day", "says of lateness '1 day'")]
    [InlineData("text ContentName", "lower ContentName", "says of dimension 'content_name = lower ContentName'")]
    [InlineData("text ContentName", "age ContentName", "says of dimension 'content_name = age ContentName'")]
    [InlineData("text ContentName", "text EventTimestamp", "says of dimension 'content_name = text EventTimestamp'")]
    [InlineData("text ContentName", "text Country", "says of field 'Country'")]
    [InlineData("text ContentName", "verdict", "says of dimensions")]
    [InlineData("content_name =", "content;name =", "does not understand")]
    [InlineData("required DeviceType, UserAge", "required DeviceType, DeviceType", "says of required")]
    [InlineData("required DeviceType, UserAge", "required EventTimestamp", "says of required")]
    [InlineData("required DeviceType, UserAge", "required 3", "says of field '3'")]
    public void What_is_not_understood_is_refused_with_its_part(string part, string instead, string expected)
    {
        var line = Line.Replace(part, instead, StringComparison.Ordinal);
        Assert.NotEqual(Line, line);

        Assert.Contains(expected, Assert.Throws<FormatException>(() => Parse(line)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_digest_of_another_line_is_refused() => Assert.Contains(
        "is not that of the declaration", Assert.Throws<FormatException>(() => DeclarationText.Parse(Line, "00")).Message, StringComparison.Ordinal);

    private static Declaration Parse(string line) =>
        DeclarationText.Parse(line, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line))));
}
