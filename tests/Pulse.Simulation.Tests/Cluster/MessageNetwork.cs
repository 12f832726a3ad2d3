
namespace Pulse.Simulation.Tests.Cluster;

/// <summary>Messages under way. They arrive in any order; with faults, some are lost or come again.</summary>
internal sealed class MessageNetwork(SeededRandom random)
{
    private readonly List<SimulatedMessage> _messages = [];

    public bool IsIdle => _messages.Count == 0;

    /// <summary>How many of a hundred messages are lost.</summary>
    public int Loss { get; set; }

    public bool Repeats { get; set; }

    public void Send(SimulatedMessage message) => _messages.Add(message);

    /// <summary>Takes one of the oldest messages, or now and then any; null where none arrives.</summary>
    public SimulatedMessage? Take()
    {
        if (IsIdle)
            return null;
        var index = random.Below(random.Chance(15) ? _messages.Count : Math.Min(3, _messages.Count));
        var message = _messages[index];
        if (message is SimulatedMessage.Reply { Node.IsAsleep: true })
            return null;
        var isReply = message is SimulatedMessage.Reply;
        if (!Repeats || isReply || !random.Chance(10))
            _messages.RemoveAt(index);
        return !isReply && random.Chance(Loss) ? null : message;
    }
}
