using Pulse.Counting;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>A statement that can be sent: its bucket is known and its cells are in order.</summary>
/// <param name="Statement">What to store.</param>
/// <param name="Version">The version of its bucket.</param>
/// <param name="Cells">Its cells.</param>
internal sealed record PreparedStatement(CheckpointStatement Statement, RollupVersion Version, CellColumns Cells)
{
    /// <summary>Prepares all statements, before the first is sent.</summary>
    /// <exception cref="ArgumentException">One can't be sent.</exception>
    public static IReadOnlyList<PreparedStatement> Prepare(IReadOnlyList<CheckpointStatement> statements, RollupVersions versions) =>
        [.. statements.Select(statement =>
            new PreparedStatement(statement, versions.Of(statement.Bucket), new CellColumns(statement)))];
}
