using Google.Protobuf;

namespace Pulse.Actors.Serialization;

/// <summary>How one type of message is written and read. Bytes once written under a manifest stay readable.</summary>
/// <param name="Type">The message's type.</param>
/// <param name="Manifest">Name and version, such as <c>counting.open.v1</c>; stored and sent beside the bytes.</param>
/// <param name="Write">Its bytes.</param>
/// <param name="Read">The message that the bytes are.</param>
internal sealed record MessageFormat(Type Type, string Manifest, Func<object, byte[]> Write, Func<byte[], object> Read)
{
    /// <summary>A message with content, as a protobuf message.</summary>
    public static MessageFormat Of<TMessage, TWire>(
        string manifest, Func<TMessage, TWire> toWire, Func<TWire, TMessage> fromWire)
        where TMessage : notnull
        where TWire : IMessage<TWire>, new()
    {
        var parser = new MessageParser<TWire>(() => new TWire());
        return new MessageFormat(
            typeof(TMessage),
            manifest,
            message => toWire((TMessage)message).ToByteArray(),
            bytes => fromWire(parser.ParseFrom(bytes)));
    }

    /// <summary>A message that says everything by being there: no bytes.</summary>
    public static MessageFormat Empty<TMessage>(string manifest, TMessage only)
        where TMessage : notnull => new(typeof(TMessage), manifest, _ => [], _ => only);
}
