using Pulse.Counting;

namespace Pulse.Actors.Storage.Cuts;

/// <summary>A bucket that counted records which its partition's log no longer has.</summary>
/// <param name="Stored">Where it stands.</param>
/// <param name="To">The first offset at which the log is another now, below its position: there it goes on.</param>
public sealed record BucketCut(BucketPosition Stored, LogPosition To);
