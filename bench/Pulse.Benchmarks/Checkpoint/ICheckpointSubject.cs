using Pulse.Benchmarks.Nodes;
using Pulse.Counting;

namespace Pulse.Benchmarks.Checkpoint;

/// <summary>Something that stores rows of many buckets durably.</summary>
internal interface ICheckpointSubject
{
    /// <summary>Makes ready.</summary>
    Task PrepareAsync();

    /// <summary>Stores one row of a window for every key.</summary>
    /// <returns>What storing cost.</returns>
    Task<Expense> StoreAsync(Window window);
}
