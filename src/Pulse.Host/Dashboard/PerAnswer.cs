using System.Runtime.CompilerServices;
using Pulse.Actors.Live;

namespace Pulse.Host.Dashboard;

/// <summary>
/// Something made from an answer, once for all the pages that show the answer, and forgotten with it. Thread-safe.
/// </summary>
internal sealed class PerAnswer<T>
    where T : class
{
    private readonly ConditionalWeakTable<RollupAnswer, T> _made = [];

    public T Of(RollupAnswer answer, Func<RollupAnswer, T> make) => _made.GetValue(answer, key => make(key));
}
