namespace Pulse.Coverage.Tests;

/// <summary>One way out of a decision in the code.</summary>
/// <param name="Type">The type's name, without its namespace and what the compiler nests in it.</param>
/// <param name="Method">The method's name.</param>
/// <param name="File">The source file.</param>
/// <param name="Line">The line of the decision.</param>
/// <param name="IsTaken">Whether it was ever taken.</param>
internal sealed record Branch(string Type, string Method, string File, int Line, bool IsTaken)
{
    /// <summary>The name of the source file's folder.</summary>
    public string Folder => new FileInfo(File).Directory!.Name;

    /// <summary>Where it is, with the line as written.</summary>
    public override string ToString()
    {
        var code = System.IO.File.Exists(File) ? System.IO.File.ReadLines(File).ElementAtOrDefault(Line - 1)?.Trim() : null;
        return $"{Path.GetFileName(File)}:{Line}, {Method}: {code}";
    }
}
