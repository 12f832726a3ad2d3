namespace Pulse.Benchmarks.Dashboards;

internal static class Quantiles
{
    /// <summary>What the given part of the values does not exceed; 0 if there are none.</summary>
    public static double Of(IReadOnlyCollection<double> values, double part)
    {
        if (values.Count == 0)
            return 0;
        double[] sorted = [.. values.Order()];
        return sorted[(int)Math.Clamp(Math.Ceiling(part * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
