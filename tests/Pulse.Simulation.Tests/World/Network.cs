namespace Pulse.Simulation.Tests.World;

/// <summary>Messages under way: in order within a pair of sender and receiver, in any order across pairs.</summary>
internal sealed class Network
{
    private readonly Dictionary<(int From, int To), Channel> _channels = [];
    private readonly List<Channel> _busy = [];

    public bool IsIdle => _busy.Count == 0;

    public void Send(int from, int to, Message message)
    {
        if (!_channels.TryGetValue((from, to), out var channel))
            _channels.Add((from, to), channel = new Channel(from, to));
        if (channel.Messages.Count == 0)
            _busy.Add(channel);
        channel.Messages.Add(message);
    }

    public Channel Pick(SeededRandom random) => random.Pick(_busy);

    public Message Take(Channel channel)
    {
        var message = channel.Messages[0];
        channel.Messages.RemoveAt(0);
        if (channel.Messages.Count == 0)
            _busy.Remove(channel);
        return message;
    }

    /// <summary>A hand-off: what is under way to a receiver changes its order, and some of it is lost.</summary>
    public void Disturb(int to, bool loses, SeededRandom random)
    {
        for (var index = _busy.Count - 1; index >= 0; index--)
        {
            var channel = _busy[index];
            if (channel.To != to)
                continue;
            for (var from = channel.Messages.Count - 1; from >= 0; from--)
            {
                var other = random.Below(from + 1);
                (channel.Messages[from], channel.Messages[other]) = (channel.Messages[other], channel.Messages[from]);
                if (loses && random.Chance(30))
                    channel.Messages.RemoveAt(from);
            }

            if (channel.Messages.Count == 0)
                _busy.RemoveAt(index);
        }
    }

    internal sealed class Channel(int from, int to)
    {
        public int From { get; } = from;

        public int To { get; } = to;

        public List<Message> Messages { get; } = [];
    }
}
