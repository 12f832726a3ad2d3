using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;

namespace Pulse.Actors.Tests.Storage;

/// <summary>The lines that actors logged at information level or above.</summary>
internal sealed class LogLines
{
    private ImmutableList<string> _lines = [];

    public IReadOnlyList<string> Lines => Volatile.Read(ref _lines);

    public static LogLines Of(ActorSystem node)
    {
        var log = new LogLines();
        var listener = node.ActorOf(Props.Create(() => new Listener(log)));
        foreach (var level in new[] { typeof(Info), typeof(Warning), typeof(Error) })
            node.EventStream.Subscribe(listener, level);
        return log;
    }

    private sealed class Listener : ReceiveActor
    {
        public Listener(LogLines log) => Receive<LogEvent>(line =>
        {
            if (line.LogClass.Namespace == typeof(Pulse.Actors.Buckets.CheckpointWriter).Namespace)
                ImmutableInterlocked.Update(ref log._lines, lines => lines.Add(line.Message.ToString()!));
        });
    }
}
