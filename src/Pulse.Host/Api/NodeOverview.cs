namespace Pulse.Host.Api;

/// <summary>A node as it told all others within the last second.</summary>
/// <param name="Address">Host and port of its remoting.</param>
/// <param name="EventsPerSecond">Records that it reads in a second.</param>
/// <param name="Partitions">How many partitions it reads.</param>
/// <param name="Lag">Records of these that are not stored yet; null while unknown.</param>
/// <param name="Buckets">Buckets in its memory.</param>
/// <param name="LastCheckpoint">UTC; null before the first.</param>
/// <param name="Problem">Why storage does not answer it, or what is wrong with a row in it.</param>
internal sealed record NodeOverview(
    string Address, double EventsPerSecond, int Partitions, long? Lag, int Buckets, DateTime? LastCheckpoint, string? Problem)
{
    /// <summary>Why what it reads seems to be of another format; null while it does not.</summary>
    public string? FormatProblem { get; init; }
}
