using Microsoft.AspNetCore.Components.Rendering;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Pulse.Host.Dashboard.Parts;

namespace Pulse.Host.Tests.Dashboard;

/// <summary>A part of a page that reads storage by itself.</summary>
public sealed class FollowedPartTests
{
    [Fact]
    public async Task Nothing_is_known_before_it_was_read()
    {
        var answer = new TaskCompletionSource();
        await using var services = new ServiceCollection().AddSingleton(answer).BuildServiceProvider();
        await using var renderer = new HtmlRenderer(services, NullLoggerFactory.Instance);

        await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var part = renderer.BeginRenderingComponent<Part>();
            Assert.Equal("unknown", part.ToHtmlString());

            answer.SetResult();
            await part.QuiescenceTask;
            Assert.Equal("read", part.ToHtmlString());
        });
    }

    private sealed class Part : FollowedPart
    {
        [Microsoft.AspNetCore.Components.Inject]
        public TaskCompletionSource Answer { get; set; } = null!;

        protected override Task ReadAsync(CancellationToken token) => Answer.Task;

        protected override void BuildRenderTree(RenderTreeBuilder builder) => builder.AddContent(0, IsRead ? "read" : "unknown");
    }
}
