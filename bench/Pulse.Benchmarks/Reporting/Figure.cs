namespace Pulse.Benchmarks.Reporting;

/// <summary>One quantity of one subject, measured several times in one run of a benchmark.</summary>
/// <param name="Name">What was measured, with its unit, such as <c>events/s</c>.</param>
/// <param name="Runs">Every measurement; at least one.</param>
internal sealed record Figure(string Name, params IReadOnlyList<double> Runs)
{
    public double Median
    {
        get
        {
            double[] sorted = [.. Runs.Order()];
            var middle = sorted.Length / 2;
            return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }
    }

    public double Minimum => Runs.Min();

    public double Maximum => Runs.Max();
}
