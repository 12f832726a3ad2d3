using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Pulse.Testing.Fuzzing;

/// <summary>
/// Gives a reader the inputs that are kept, and then, for the time that it has, what mutations make of them. An input whose outcome is a
/// new one is mutated further. What fails is made shorter and told with all that it takes to repeat it.
/// </summary>
public static class Fuzzer
{
    /// <summary>The seconds of all targets together; 0: only what is kept.</summary>
    public const string Variable = "PULSE_TEST_FUZZ";

    /// <summary>The seed. Without it, a run of the default time always has the same one, and a run of a given time another each time.</summary>
    public const string SeedVariable = "PULSE_TEST_FUZZ_SEED";

    private const double DefaultSeconds = 60;
    private const int DefaultSeed = 1;
    private const int MostKept = 5_000;
    private const int MostShownCharacters = 500;
    private static readonly TimeSpan TimeToShorten = TimeSpan.FromSeconds(10);

    /// <inheritdoc cref="RunAsync(FuzzTarget, string, IEnumerable{string}, Func{byte[], ValueTask{string}})" />
    public static Task<IReadOnlySet<string>> RunAsync(FuzzTarget target, string folder, IEnumerable<string> words, Func<byte[], string> judge) =>
        RunAsync(target, folder, words, input => ValueTask.FromResult(judge(input)));

    /// <summary>Fuzzes a target. It has the same share of the time as every other one.</summary>
    /// <param name="target">The target.</param>
    /// <param name="folder">The folder of its corpus.</param>
    /// <param name="words">What its reader knows, so that mutations know it too.</param>
    /// <param name="judge">
    /// Gives an input to the reader and throws if that is wrong. It returns the outcome in a few words, of which there are few kinds.
    /// </param>
    /// <returns>The outcomes of what is kept.</returns>
    /// <exception cref="FuzzException">An input fails.</exception>
    public static async Task<IReadOnlySet<string>> RunAsync(
        FuzzTarget target, string folder, IEnumerable<string> words, Func<byte[], ValueTask<string>> judge)
    {
        var corpus = Corpus.Of(folder);
        var outcomes = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, input) in corpus)
        {
            if (await FailureOfAsync(judge, input, outcome => outcomes.Add(outcome)) is { } failure)
                throw Of(folder, $"which is kept as {name}", input, failure);
        }

        var known = outcomes.ToHashSet(StringComparer.Ordinal);
        var seed = Number(SeedVariable) is { } given ? (int)given : Number(Variable) is null ? DefaultSeed : Environment.TickCount;
        var mutation = new Mutation(seed, [.. words.Select(Encoding.UTF8.GetBytes)]);
        List<byte[]> inputs = [.. corpus.Values];
        var time = TimeSpan.FromSeconds((Number(Variable) ?? DefaultSeconds) / Enum.GetValues<FuzzTarget>().Length);
        var clock = Stopwatch.StartNew();
        var number = 0L;
        while (clock.Elapsed < time)
        {
            number++;
            var input = mutation.Of(inputs);
            var isNew = false;
            if (await FailureOfAsync(judge, input, outcome => isNew = known.Add(outcome)) is { } failure)
            {
                var shortest = await ShortenAsync(judge, input, failure);
                throw Of(folder, $"number {number} of {SeedVariable}={seed}", shortest.Input, shortest.Failure);
            }

            if (isNew && inputs.Count < MostKept)
                inputs.Add(input);
        }

        RunReport.Add(FormattableString.Invariant(
            $"Fuzzing {target}: {corpus.Count} kept inputs and {number:N0} mutated ones in {clock.Elapsed.TotalSeconds:N0} s, {known.Count} outcomes, seed {seed}"));
        return outcomes;
    }

    private static async ValueTask<Exception?> FailureOfAsync(Func<byte[], ValueTask<string>> judge, byte[] input, Action<string> take)
    {
        try
        {
            take(await judge(input));
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    // Pieces are left out, smaller and smaller ones, as long as it fails in the same way.
    private static async Task<(byte[] Input, Exception Failure)> ShortenAsync(
        Func<byte[], ValueTask<string>> judge, byte[] input, Exception failure)
    {
        var clock = Stopwatch.StartNew();
        for (var length = Math.Max(1, input.Length / 2); length > 0; length /= 2)
        {
            for (var start = 0; start < input.Length && clock.Elapsed < TimeToShorten;)
            {
                byte[] shorter = [.. input[..start], .. input[Math.Min(start + length, input.Length)..]];
                if (await FailureOfAsync(judge, shorter, _ => { }) is { } still && still.GetType() == failure.GetType())
                    (input, failure) = (shorter, still);
                else
                    start += length;
            }
        }

        return (input, failure);
    }

    private static FuzzException Of(string folder, string which, byte[] input, Exception failure)
    {
        var text = Encoding.UTF8.GetString(input);
        var shown = string.Concat(text.Take(MostShownCharacters).Select(
            each => each is '\n' || !char.IsControl(each) ? each.ToString() : $"<{(int)each:X2}>"));
        return new FuzzException(
            $"""
            An input fails, {which}: {failure.Message}
            base64: {Convert.ToBase64String(input)}
            text ({input.Length} bytes): {shown}
            Mend it, and keep the input in tests/Corpus/{folder}.
            """,
            failure);
    }

    private static double? Number(string variable) =>
        double.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}
