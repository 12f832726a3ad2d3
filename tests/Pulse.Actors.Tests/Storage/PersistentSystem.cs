using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Pulse.Actors.Storage;

namespace Pulse.Actors.Tests.Storage;

/// <summary>An actor system whose persistence is on a node's storage, as a node has it.</summary>
internal static class PersistentSystem
{
    public static ActorSystem Start(NodeStorage storage, Config? configuration = null)
    {
        var services = new ServiceCollection().AddLogging();
        services.AddAkka("pulse", builder => builder
            .WithPersistence(storage)
            .AddHocon(configuration ?? "akka.loglevel = OFF, akka.stdout-loglevel = OFF", HoconAddMode.Prepend));
        return services.BuildServiceProvider().GetRequiredService<ActorSystem>();
    }
}
