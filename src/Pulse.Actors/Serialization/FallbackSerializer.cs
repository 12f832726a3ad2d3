using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using Akka.Util;

namespace Pulse.Actors.Serialization;

/// <summary>
/// What Akka writes messages with to which nobody gave a format. Its own go on as JSON. One of Pulse's there is a mistake: nothing
/// bounds it, and no version of its form is promised, so it is refused, which is logged and counted.
/// </summary>
/// <param name="system">The actor system, as Akka hands it over.</param>
/// <param name="settings">Akka's own for this serializer.</param>
public sealed class FallbackSerializer(ExtendedActorSystem system, Config settings) : NewtonSoftJsonSerializer(system, settings)
{
    /// <summary>Takes the place of Akka's, under the same number: nodes of other versions read what it writes.</summary>
    public static Config Configuration { get; } = ConfigurationFactory.ParseString(
        $$"""
        akka.actor {
          serializers.json = "{{typeof(FallbackSerializer).TypeQualifiedName()}}"
          serialization-identifiers."{{typeof(FallbackSerializer).TypeQualifiedName()}}" = 1
        }
        """);

    /// <inheritdoc />
    /// <exception cref="SerializationException">It is a message of Pulse.</exception>
    public override byte[] ToBinary(object obj)
    {
        ArgumentNullException.ThrowIfNull(obj);
        return obj.GetType().Assembly.GetName().Name!.StartsWith("Pulse.", StringComparison.Ordinal)
            ? throw new SerializationException($"{obj.GetType()} has no format by which it could go to another node.")
            : base.ToBinary(obj);
    }
}
