using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Pulse.Benchmarks.Reporting;
using Pulse.Events;
using Pulse.Testing;

namespace Pulse.Benchmarks.Checkpoint;

/// <summary><c>checkpoint</c>: buckets make their counts durable, against a plain COPY of the same rows.</summary>
internal static class CheckpointCommand
{
    private static readonly (int Buckets, int Rows)[] Usual = [(134, 1), (64, 1_000), (64, 15_625)];

    public static Command Create()
    {
        var shapes = new Option<(int Buckets, int Rows)[]>("--shape")
        {
            Description = "Buckets and changed counts of each, such as 64x1000; may be repeated",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => Usual,
            CustomParser = result => [.. result.Tokens.Select(token => Parse(token.Value, result))],
        };
        var runs = CommandOptions.Count("--runs", 3, "Measured checkpoints");
        var json = CommandOptions.Json("checkpoint");
        var command = new Command("checkpoint", "Make checkpoints: PostgreSQL and SQLite, against a plain COPY")
        {
            shapes, runs, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            await using var postgres = new PostgresFixture();
            var run = new CheckpointRun(postgres, parsed.GetValue(runs));
            List<IReadOnlyList<Subject>> measured = [];
            foreach (var (buckets, rows) in parsed.GetValue(shapes)!)
            {
                var (shape, catalog) = Declare(buckets, rows);
                measured.Add(await run.MeasureAsync(shape, catalog));
            }

            Subject[] subjects =
            [
                .. measured[0].Select((subject, index) =>
                    subject with { Figures = [.. measured.SelectMany(each => each[index].Figures)] }),
            ];
            new Report("checkpoint", Conditions, subjects).Publish(parsed.GetValue(json)!);
            return 0;
        });
        return command;
    }

    private static (string, string)[] Conditions =>
    [
        ("shapes", "buckets × changed counts of each; every checkpoint is of a new window"),
        ("statements", "one for each bucket, its row and its counts together, and the new counts read back"),
        ("processor time", "without the database server's"),
    ];

    private static (CheckpointShape, RollupCatalog) Declare(int buckets, int rows)
    {
        var mistakes = RollupCatalog.TryCreate(
            [new RollupDeclaration { Name = "viewsByTitle", Dimensions = ["content_name", "language"], Buckets = buckets }],
            out var catalog);
        return mistakes.Count == 0
            ? (new CheckpointShape(catalog.Rollups[^1], buckets, rows), catalog)
            : throw new InvalidOperationException(mistakes[0]);
    }

    private static (int, int) Parse(string text, ArgumentResult result)
    {
        if (text.Split('x') is [var buckets, var rows]
            && int.TryParse(buckets, NumberStyles.None, CultureInfo.InvariantCulture, out var b)
            && int.TryParse(rows, NumberStyles.None, CultureInfo.InvariantCulture, out var r)
            && b is >= 1 and <= RollupCatalog.MaximumBuckets && r >= 1)
            return (b, r);
        result.AddError($"--shape: '{text}' is not allowed; give buckets (at most {RollupCatalog.MaximumBuckets}) and rows as 64x1000.");
        return (1, 1);
    }
}
