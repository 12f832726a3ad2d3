using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Pulse.Actors.Coordination;
using Pulse.Actors.Ingest;
using Pulse.Actors.Live;
using Pulse.Actors.Serialization;
using Pulse.Testing.Fuzzing;

namespace Pulse.Actors.Tests.Serialization;

/// <summary>
/// Whatever comes from another node or a journal: a message that can be told again, or a refusal by which Akka does not end the
/// connection. Each input is a manifest, a line's end, and bytes.
/// </summary>
public sealed class MessageFuzzTests : IDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("pulse", ConfigurationFactory.ParseString("akka.loglevel = OFF, akka.stdout-loglevel = OFF"));
    private readonly MessageSerializer[] _serializers;

    public MessageFuzzTests()
    {
        var system = (ExtendedActorSystem)_system;
        _serializers = [new CountingMessageSerializer(system), new ExportMessageSerializer(system), new LiveMessageSerializer(system)];
    }

    private IEnumerable<string> Words => _serializers.SelectMany(each => each.Manifests).SelectMany(manifest => (string[])[manifest, manifest + "\n"]).Append("\n");

    [Fact]
    public async Task Bytes_are_a_message_or_refused()
    {
        var outcomes = await Fuzzer.RunAsync(FuzzTarget.Messages, "messages", Words, Judge);

        // What is kept has every message that there is.
        Assert.Superset(_serializers.SelectMany(each => each.Types).Select(type => type.Name).ToHashSet(), outcomes.ToHashSet());
    }

    [Theory]
    [InlineData("odd-requests-empty.bin", "counting.requests.v1")]
    [InlineData("odd-replies-without-answers.bin", "do not fit together")]
    [InlineData("odd-drained-empty.bin", "export.stream-drained.v1")]
    [InlineData("odd-completed-year-10000.bin", "export.completed.v1")]
    [InlineData("odd-load-begun-day-out-of-calendar.bin", "export.load-begun.v1")]
    [InlineData("odd-ledger-date-twice.bin", "export.ledger.v1")]
    [InlineData("odd-status-empty.bin", "live.node-status.v1")]
    [InlineData("odd-status-standing-twice.bin", "live.node-status.v1")]
    [InlineData("odd-cut-off.bin", "export.stream-drained.v1")]
    [InlineData("odd-unknown-manifest.bin", "rolling upgrade")]
    public void Bytes_that_are_no_message_are_refused_by_name(string file, string expected)
    {
        var refusal = Assert.Throws<SerializationException>(() => Read(Corpus.Of("messages", file)));

        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _system.Dispose();

    private string Judge(byte[] input)
    {
        object message;
        try
        {
            message = Read(input);
        }
        catch (SerializationException refusal)
        {
            return refusal.InnerException?.GetType().Name ?? "refused";
        }

        // Texts for people that are too long together are cut, the first time.
        var serializer = _serializers.Single(each => each.Types.Contains(message.GetType()));
        var told = Again(serializer, Again(serializer, message));
        Assert.Equal(Convert.ToHexString(serializer.ToBinary(told)), Convert.ToHexString(serializer.ToBinary(Again(serializer, told))));
        return message.GetType().Name;
    }

    private object Read(byte[] input)
    {
        var end = Array.IndexOf(input, (byte)'\n') is >= 0 and var found ? found : input.Length;
        var manifest = Encoding.UTF8.GetString(input[..end]);
        var serializer = _serializers.FirstOrDefault(each => each.Manifests.Contains(manifest)) ?? _serializers[0];
        return serializer.FromBinary(input[Math.Min(end + 1, input.Length)..], manifest);
    }

    private static object Again(MessageSerializer serializer, object message)
    {
        var read = serializer.FromBinary(serializer.ToBinary(message), serializer.Manifest(message));
        Assert.Equal(message.GetType(), read.GetType());
        return read;
    }
}
