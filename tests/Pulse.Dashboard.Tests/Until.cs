namespace Pulse.Dashboard.Tests;

/// <summary>Waits for what a page shows sooner or later.</summary>
internal static class Until
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>Asks again until it is so.</summary>
    public static async Task SoAsync(Func<Task<bool>> isSo)
    {
        var end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (!await isSo())
        {
            Assert.True(Environment.TickCount64 < end, "It did not happen in time.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
