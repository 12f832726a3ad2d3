using Microsoft.AspNetCore.Components;
using Pulse.Actors.Storage;

namespace Pulse.Host.Dashboard.Parts;

/// <summary>A part of a page that reads what it shows by itself, again and again while the page is open.</summary>
public abstract class FollowedPart : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _end = new();

    /// <summary>Why it could not be read; null where it could.</summary>
    protected string? Problem { get; private set; }

    /// <summary>Whether it was read once: before that, nobody knows that there is nothing.</summary>
    protected bool IsRead { get; private set; }

    /// <summary>How long it is shown before it is read again.</summary>
    protected virtual TimeSpan Interval => TimeSpan.FromSeconds(5);

    /// <summary>Whether it is read so soon that the page's first text may wait for it; what is not, is read when the page lives.</summary>
    protected virtual bool IsQuick => true;

    /// <summary>Reads what is shown.</summary>
    protected abstract Task ReadAsync(CancellationToken token);

    /// <inheritdoc />
    protected override Task OnInitializedAsync() => IsQuick || RendererInfo.IsInteractive ? TryReadAsync() : Task.CompletedTask;

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
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // The page was left.
        }
    }
}
