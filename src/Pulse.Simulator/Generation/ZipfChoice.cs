namespace Pulse.Simulator.Generation;

/// <summary>Chooses the index of one of N values, the first the likeliest: weight 1 / rank^exponent.</summary>
internal sealed class ZipfChoice
{
    private readonly double[] cumulative;

    internal ZipfChoice(int values, double exponent)
    {
        cumulative = new double[values];
        var sum = 0.0;
        for (var rank = 1; rank <= values; rank++)
            cumulative[rank - 1] = sum += Math.Pow(rank, -exponent);
        for (var index = 0; index < values; index++)
            cumulative[index] /= sum;
    }

    internal int Next(ref RandomStream random)
    {
        var point = random.NextFraction();
        var low = 0;
        var high = cumulative.Length - 1;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (point < cumulative[middle])
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }
}
