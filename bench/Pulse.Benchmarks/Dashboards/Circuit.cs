using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Pulse.Benchmarks.Dashboards;

/// <summary>
/// One open dashboard as the node sees it: a Blazor Server circuit. Opens the page, starts its components over the
/// connection that a browser would use, acknowledges every render and answers every call of a script; draws nothing.
/// </summary>
internal sealed partial class Circuit : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _end = new();
    private readonly ArrayBufferWriter<byte> _sending = new();
    private readonly Action<ReadOnlyMemory<byte>>? _onRender;
    private Task _receiving = Task.CompletedTask;

    private Circuit(Action<ReadOnlyMemory<byte>>? onRender) => _onRender = onRender;

    /// <summary>Renders that arrived.</summary>
    public long Renders { get; private set; }

    /// <summary>Why it ended before its time; null while all is well.</summary>
    public string? Failure { get; private set; }

    /// <summary>Opens a page.</summary>
    /// <param name="client">For the page itself.</param>
    /// <param name="address">The node.</param>
    /// <param name="path">The page.</param>
    /// <param name="onRender">Given every render batch: what changes on the page, the pictures' numbers among it.</param>
    public static async Task<Circuit> OpenAsync(
        HttpClient client, Uri address, string path, Action<ReadOnlyMemory<byte>>? onRender = null)
    {
        var page = await client.GetStringAsync(path);
        var components = string.Join(',', Marker().Matches(page).Select(match => match.Groups[1].Value));
        if (components.Length == 0)
            throw new InvalidOperationException($"{path} has no components.");

        var circuit = new Circuit(onRender);
        await circuit._socket.ConnectAsync(
            new UriBuilder(address) { Scheme = "ws", Path = "/_blazor" }.Uri, CancellationToken.None);
        await circuit._socket.SendAsync(
            Encoding.UTF8.GetBytes("{\"protocol\":\"blazorpack\",\"version\":1}\u001e"), WebSocketMessageType.Text, true, CancellationToken.None);
        await circuit.SendAsync("0", "StartCircuit", address.ToString(), new Uri(address, path).ToString(), $"[{components}]", "");
        circuit._receiving = circuit.ReceiveAsync();
        return circuit;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _receiving;
        _socket.Dispose();
        _end.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[64 * 1024];
        var held = 0;
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveAsync(buffer.AsMemory(held), _end.Token);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    Failure = "the node closed it";
                    return;
                }

                held += received.Count;
                var used = 0;
                while (HubFrame.TryRead(buffer.AsMemory(used, held - used), out var length, out var frame))
                {
                    used += length;
                    await HandleAsync(frame);
                }

                buffer.AsSpan(used, held - used).CopyTo(buffer);
                held -= used;
                if (held == buffer.Length)
                    Array.Resize(ref buffer, 2 * buffer.Length);
            }
        }
        catch (OperationCanceledException)
        {
            // It was closed.
        }
        catch (Exception exception) when (exception is WebSocketException or InvalidDataException)
        {
            Failure = exception.Message;
        }
    }

    private async Task HandleAsync(HubFrame frame)
    {
        switch (frame.Target)
        {
            case "JS.RenderBatch":
                Renders++;
                _onRender?.Invoke(frame.Bytes);
                await SendAsync(null, "OnRenderCompleted", frame.Number, null);
                break;
            case "JS.BeginInvokeJS":
                var result = frame.Identifier == "import" ? "{\"__jsObjectId\":1}" : "null";
                await SendAsync(null, "EndInvokeJSFromDotNet", frame.Number, true, $"[{frame.Number},true,{result}]");
                break;
            case "JS.Error":
                Failure = frame.Identifier;
                break;
        }
    }

    private async Task SendAsync(string? invocation, string target, params object?[] arguments)
    {
        _sending.ResetWrittenCount();
        HubFrame.Write(_sending, invocation, target, arguments);
        await _socket.SendAsync(_sending.WrittenMemory, WebSocketMessageType.Binary, true, _end.Token);
    }

    // A component's beginning has a descriptor, its end does not.
    [GeneratedRegex("<!--Blazor:(\\{\"type\":\"server\".*?\\})-->", RegexOptions.Singleline)]
    private static partial Regex Marker();
}
