namespace Pulse.Benchmarks.Reporting;

/// <summary>What a benchmark measured of one of the things it compares.</summary>
/// <param name="Name">The thing's name.</param>
/// <param name="Figures">Its figures; figures of the same name are compared with those of the first subject.</param>
internal sealed record Subject(string Name, IReadOnlyList<Figure> Figures)
{
    public Figure? Find(string name) => Figures.FirstOrDefault(figure => figure.Name == name);
}
