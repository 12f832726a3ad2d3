namespace Pulse.Actors.Buckets;

/// <summary>A bucket that stands still because it can't use its row, and with it everything that waits for its answers.</summary>
/// <param name="Bucket">Its name, such as <c>viewsByDeviceGenre/7</c>.</param>
/// <param name="Problem">What is wrong with the row, and what to do, in one line.</param>
public sealed record StandingBucket(string Bucket, string Problem);
