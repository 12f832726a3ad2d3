using System.Text.Json;

namespace Pulse.Coverage.Tests;

/// <summary>Coverlet's report: of each file, of each type in it, of each of its methods, how often each branch was taken.</summary>
internal static class BranchReport
{
    /// <summary>All branches of all types.</summary>
    public static IReadOnlyList<Branch> Read(string file)
    {
        using var report = JsonDocument.Parse(File.ReadAllBytes(file));
        return
        [
            .. from module in report.RootElement.EnumerateObject()
               from source in module.Value.EnumerateObject()
               from type in source.Value.EnumerateObject()
               from method in type.Value.EnumerateObject()
               from branch in method.Value.GetProperty("Branches").EnumerateArray()
               select new Branch(
                   TypeName(type.Name), MethodName(method.Name), source.Name,
                   branch.GetProperty("Line").GetInt32(), branch.GetProperty("Hits").GetInt32() > 0),
        ];
    }

    // As in "Pulse.Counting.IngestSession/<>c".
    private static string TypeName(string name) => name.Split('/')[0].Split('.')[^1];

    // As in "System.Void Pulse.Counting.IngestSession::Tick()".
    private static string MethodName(string name) => name.Split("::")[^1].Split('(')[0];
}
