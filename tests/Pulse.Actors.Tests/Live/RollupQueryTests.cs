using System.Collections.Immutable;
using CsCheck;
using Pulse.Actors.Buckets;
using Pulse.Actors.Live;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Tests.Live;

/// <summary>Answers are kept by the text of their question, so two questions never have one text.</summary>
public sealed class RollupQueryTests
{
    private static readonly Rollup Rollup = RollupCatalog.BuiltIn[0];

    // What could be taken for the end of a value, for its length, or for another spelling of it.
    private static readonly string[] Pieces = ["", ",", "\n", " ", "0:", "1:a", "a", "b", "%2C", "%", "\uD800", "\uFFFD", "2", "w"];

    private static readonly Gen<string> Value =
        Gen.Int[0, Pieces.Length - 1].Array[0, 3].Select(pieces => string.Concat(pieces.Select(piece => Pieces[piece])));

    private static readonly Gen<ImmutableArray<ImmutableSortedSet<string>>> Values =
        Value.Array[0, 3].Select(Set).Array[2].Select(sets => sets.ToImmutableArray());

    [Fact]
    public void Other_values_make_another_text() => Gen.Select(Values, Values).Sample(
        (some, others) =>
        {
            var areEqual = some.Zip(others, (one, other) => one.SetEquals(other)).All(isEqual => isEqual);

            Assert.Equal(areEqual, Ask(some).Text == Ask(others).Text);
        },
        iter: 20_000);

    [Theory]
    [InlineData("")]
    [InlineData("a,b")]
    [InlineData("a\nb")]
    public void A_value_is_neither_none_nor_two(string value)
    {
        string[] texts =
        [
            Ask([[], []]).Text, Ask([Set(value), []]).Text, Ask([[], Set(value)]).Text, Ask([Set("a", "b"), []]).Text, Ask([Set("a"), Set("b")]).Text,
        ];

        Assert.Equal(texts.Length, texts.Distinct().Count());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a,b")]
    public async Task The_answer_to_a_filter_is_not_kept_for_another_question(string value)
    {
        var model = new ReadModel(RollupCatalog.Default, new LiveOptions(), TimeSpan.FromMinutes(10));
        var window = new LiveWindow(new Window(300), 5, [new KeyTotal(new RollupKey("a", "b"), 5)]);
        model.Find(Rollup.Name)!.Fill([new LiveBucket(new BucketId(Rollup.Name, 0), 1, [window])], Generations.None, new Window(0), below: null);
        // All windows are in memory: storage is not asked.
        var reader = new RollupReader(model, store: null!);

        Assert.Equal(0, (await reader.AnswerAsync(Ask([Set(value), []]), TestContext.Current.CancellationToken)).Total);
        Assert.Equal(5, (await reader.AnswerAsync(Ask([[], []]), TestContext.Current.CancellationToken)).Total);
        Assert.Equal(5, (await reader.AnswerAsync(Ask([Set("a", "b"), []]), TestContext.Current.CancellationToken)).Total);
    }

    private static RollupQuery Ask(ImmutableArray<ImmutableSortedSet<string>> values) => new(Rollup) { Values = values };

    private static ImmutableSortedSet<string> Set(params string[] values) => values.ToImmutableSortedSet(StringComparer.Ordinal);
}
