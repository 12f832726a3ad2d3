using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Pulse.Benchmarks.Reporting;

/// <summary>What one run of a benchmark measured: a table for people, JSON for scripts.</summary>
/// <param name="Benchmark">The verb.</param>
/// <param name="Conditions">Under what conditions: name and value, in the order to be shown.</param>
/// <param name="Subjects">The things compared; the first is the reference of all ratios.</param>
internal sealed record Report(
    string Benchmark, IReadOnlyList<(string Name, string Value)> Conditions, IReadOnlyList<Subject> Subjects)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    // Enough for five subjects in a file or a pipe, where no terminal says how wide it is.
    private const int WidthElsewhere = 200;

    /// <summary>Prints the table and writes the file.</summary>
    /// <param name="json">The file; its directory is made.</param>
    public void Publish(string json)
    {
        var console = AnsiConsole.Console;
        if (Console.IsOutputRedirected)
            console.Profile.Width = WidthElsewhere;
        console.WriteLine();
        foreach (var (name, value) in Conditions)
            console.WriteLine($"{name}: {value}");
        console.Write(ToTable());
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(json))!);
        File.WriteAllText(json, ToJson());
        console.WriteLine($"Written to {json}.");
    }

    private Table ToTable()
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(Benchmark);
        foreach (var subject in Subjects)
            table.AddColumn(new TableColumn(Markup.Escape(subject.Name)).RightAligned());
        foreach (var name in Subjects.SelectMany(subject => subject.Figures).Select(figure => figure.Name).Distinct())
            table.AddRow([Markup.Escape(name), .. Subjects.Select(subject => Cell(subject, name))]);
        return table;
    }

    private string Cell(Subject subject, string name)
    {
        if (subject.Find(name) is not { } figure)
            return "";
        var text = Text(figure.Median);
        if (figure.Runs.Count > 1)
            text += $" ({Text(figure.Minimum)}–{Text(figure.Maximum)})";
        return Ratio(subject, figure) is { } ratio ? string.Create(CultureInfo.InvariantCulture, $"{text}  {ratio:0.00}×") : text;
    }

    private double? Ratio(Subject subject, Figure figure) =>
        subject != Subjects[0] && Subjects[0].Find(figure.Name) is { Median: > 0 } reference
            ? figure.Median / reference.Median
            : null;

    private string ToJson() => JsonSerializer.Serialize(
        new
        {
            benchmark = Benchmark,
            at = DateTime.UtcNow,
            processors = Environment.ProcessorCount,
            conditions = Conditions.ToDictionary(condition => condition.Name, condition => condition.Value),
            subjects = Subjects.Select(subject => new
            {
                name = subject.Name,
                figures = subject.Figures.Select(figure => new
                {
                    name = figure.Name,
                    median = figure.Median,
                    minimum = figure.Minimum,
                    maximum = figure.Maximum,
                    ratio = Ratio(subject, figure),
                    runs = figure.Runs,
                }),
            }),
        },
        Indented);

    private static string Text(double value) => value.ToString(
        Math.Abs(value) switch { >= 1000 => "#,0", >= 10 => "0.0", _ => "0.00" }, CultureInfo.InvariantCulture);
}
