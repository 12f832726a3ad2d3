using Microsoft.AspNetCore.Components;
using Pulse.Actors.Storage;

namespace Pulse.Host.Dashboard.Parts;

/// <summary>A part of a page that reads storage by itself, again and again while the page is open.</summary>
public abstract class FollowedPart : ComponentBase, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _end = new();

    /// <summary>Why it could not be read; null where it could.</summary>
    protected string? Problem { get; private set; }

    /// <summary>Whether it was read once: before that, nobody knows that there is nothing.</summary>
    protected bool IsRead { get; private set; }

    /// <summary>Reads what is shown.</summary>
    protected abstract Task ReadAsync(CancellationToken token);

    /// <inheritdoc />
    protected override Task OnInitializedAsync() => TryReadAsync();

    /// <inheritdoc />
    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
            _ = FollowAsync();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task FollowAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                await TryReadAsync();
                await InvokeAsync(StateHasChanged);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The page was left.
        }
    }

    private async Task TryReadAsync()
    {
        try
        {
            await ReadAsync(_end.Token);
            (Problem, IsRead) = (null, true);
        }
        catch (StorageException exception)
        {
            Problem = exception.Message;
        }
    }
}
