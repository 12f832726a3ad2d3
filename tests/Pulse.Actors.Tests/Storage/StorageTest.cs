using Pulse.Actors.Storage;
using Pulse.Testing;

namespace Pulse.Actors.Tests.Storage;

/// <summary>A test with an empty database of its own.</summary>
public abstract class StorageTest(StorageKind kind, PostgresFixture postgres) : IAsyncLifetime
{
    protected StorageKind Kind => kind;

    protected TestStorage Storage { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Storage = await TestStorage.CreateAsync(kind, postgres);

    public async ValueTask DisposeAsync()
    {
        if (Storage is not null)
            await Storage.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
