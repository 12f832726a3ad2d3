using System.Runtime.CompilerServices;
using Pulse.Actors.Live;

namespace Pulse.Host.Dashboard;

/// <summary>
/// Something made from an answer, once for all the pages that show the answer, and forgotten with it. Thread-safe.
/// </summary>
/// <param name="make">Makes it.</param>
internal sealed class PerAnswer<T>(Func<RollupAnswer, T> make)
    where T : class
{
    private readonly ConditionalWeakTable<RollupAnswer, T> _made = [];

    public T Of(RollupAnswer answer) => _made.GetValue(answer, key => make(key));
}
