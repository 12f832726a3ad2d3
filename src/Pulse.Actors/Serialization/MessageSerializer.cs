using System.Collections.Frozen;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using Akka.Util;

namespace Pulse.Actors.Serialization;

/// <summary>
/// The frame of Pulse's serializers: messages of known types, each under a manifest with a version, so that what is stored stays
/// readable and nodes of two versions understand each other or say that they don't.
/// </summary>
public abstract class MessageSerializer : SerializerWithStringManifest
{
    private readonly FrozenDictionary<Type, MessageFormat> _byType;
    private readonly FrozenDictionary<string, MessageFormat> _byManifest;

    /// <summary>Makes a serializer of some formats.</summary>
    /// <param name="system">The actor system, as Akka hands it over.</param>
    /// <param name="identifier">Stored beside every event: never to be changed, or used by another.</param>
    /// <param name="formats">What it can write and read.</param>
    private protected MessageSerializer(ExtendedActorSystem system, int identifier, IReadOnlyList<MessageFormat> formats)
        : base(system)
    {
        Identifier = identifier;
        _byType = formats.ToFrozenDictionary(format => format.Type);
        _byManifest = formats.ToFrozenDictionary(format => format.Manifest, StringComparer.Ordinal);
    }

    /// <inheritdoc />
    public sealed override int Identifier { get; }

    /// <summary>The types that it can write.</summary>
    internal IReadOnlyCollection<Type> Types => _byType.Keys;

    /// <summary>The manifests that it can read.</summary>
    internal IReadOnlyCollection<string> Manifests => _byManifest.Keys;

    /// <inheritdoc />
    public sealed override string Manifest(object o) => FormatOf(o).Manifest;

    /// <inheritdoc />
    public sealed override byte[] ToBinary(object obj) => FormatOf(obj).Write(obj);

    /// <inheritdoc />
    /// <remarks>
    /// Of whatever else is thrown here, Akka ends the connection between the two nodes, and so drops what has nothing to do with it.
    /// </remarks>
    /// <exception cref="SerializationException">
    /// The manifest is of a version that this node does not know, or the bytes are no message of that kind.
    /// </exception>
    public sealed override object FromBinary(byte[] bytes, string manifest)
    {
        if (!_byManifest.TryGetValue(manifest, out var format))
            throw new SerializationException(
                $"This version of Pulse does not know the stored or sent message '{manifest}': a newer one wrote it. "
                + "Finish the rolling upgrade.");
        try
        {
            return format.Read(bytes);
        }
        catch (Exception exception) when (exception is not (SerializationException or OutOfMemoryException))
        {
            throw new SerializationException(
                $"The bytes of a stored or sent message '{manifest}' are none of that kind: {exception.Message}", exception);
        }
    }

    /// <summary>Registers a serializer for all that it can write.</summary>
    private protected static Config ConfigurationOf<TSerializer>(
        string name, int identifier, IReadOnlyList<MessageFormat> formats)
        where TSerializer : MessageSerializer => ConfigurationFactory.ParseString(
        $$"""
        akka.actor {
          serializers.{{name}} = "{{typeof(TSerializer).TypeQualifiedName()}}"
          serialization-identifiers."{{typeof(TSerializer).TypeQualifiedName()}}" = {{identifier}}
          serialization-bindings {
            {{string.Join("\n    ", formats.Select(format => $"\"{format.Type.TypeQualifiedName()}\" = {name}"))}}
          }
        }
        """);

    private MessageFormat FormatOf(object message) => _byType.TryGetValue(message.GetType(), out var format)
        ? format
        : throw new ArgumentException($"{GetType().Name} has no format for {message.GetType()}.", nameof(message));
}
