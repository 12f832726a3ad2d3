namespace Pulse.Testing.Fuzzing;

/// <summary>The inputs that are kept in <c>tests/Corpus</c>, a folder for each kind of input and a file for each input.</summary>
public static class Corpus
{
    /// <summary>The inputs of a folder by their files' names, in the order of the names.</summary>
    public static SortedDictionary<string, byte[]> Of(string folder)
    {
        var inputs = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Corpus", folder)))
            inputs.Add(Path.GetFileName(file), File.ReadAllBytes(file));
        return inputs;
    }

    /// <summary>One input.</summary>
    public static byte[] Of(string folder, string file) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Corpus", folder, file));
}
