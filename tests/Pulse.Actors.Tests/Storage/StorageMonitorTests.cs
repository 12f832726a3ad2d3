using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Pulse.Actors.Storage;

namespace Pulse.Actors.Tests.Storage;

/// <summary>The monitor in virtual time, over a row that is written as the test wants it.</summary>
public sealed class StorageMonitorTests : TestKit
{
    private const int Removed = -1_000;

    private readonly StorageAvailability _storage = new();
    private readonly TestProbe _probe;
    private readonly IActorRef _monitor;
    private Exception? _fault;
    private int _renewals;

    public StorageMonitorTests()
        : base(VirtualTime.Configuration)
    {
        _probe = CreateTestProbe();
        Sys.EventStream.Subscribe(_probe, typeof(OwnFault));
        _monitor = Sys.ActorOf(Props.Create(() => new StorageMonitor(
            _ => Renew(), _ => Remove(), TimeSpan.FromMinutes(1), _storage)));
    }

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task What_is_wrong_with_the_row_is_what_is_wrong_with_storage()
    {
        _fault = new StorageException("The disk is full.", isTransient: true);
        await RenewedAsync();
        await Until.TrueAsync(() => _storage.Problem == "The disk is full.");

        _fault = null;
        await RenewedAsync();
        await Until.TrueAsync(() => _storage.IsAvailable);
    }

    [Fact]
    public async Task A_fault_of_its_own_is_no_outage()
    {
        _fault = new InvalidOperationException("No such thing.\nAt all.");
        await RenewedAsync();

        Assert.Equal(
            "Renewing the node's row in storage failed by a fault of Pulse itself (InvalidOperationException: No such thing. At all), so the node ends. "
            + "What is stored is right. Report this line.",
            (await _probe.ExpectMsgAsync<OwnFault>()).Message);
        Assert.True(_storage.IsAvailable);
    }

    [Fact]
    public async Task A_node_that_leaves_renews_its_row_no_more()
    {
        await RenewedAsync();
        await _monitor.Ask<Akka.Done>(StorageMonitor.Leave.Instance);

        Clock.Advance(TimeSpan.FromMinutes(1));
        await _monitor.Ask<ActorIdentity>(new Identify(null));

        Assert.Equal(Removed, Volatile.Read(ref _renewals));
    }

    private async Task RenewedAsync()
    {
        var before = Volatile.Read(ref _renewals);
        await Until.TrueAsync(() =>
        {
            Clock.Advance(StorageMonitor.Interval);
            return Volatile.Read(ref _renewals) > before;
        });
    }

    private Task Renew()
    {
        Interlocked.Increment(ref _renewals);
        return _fault is { } fault ? Task.FromException(fault) : Task.CompletedTask;
    }

    private Task Remove()
    {
        Volatile.Write(ref _renewals, Removed);
        return Task.CompletedTask;
    }
}
