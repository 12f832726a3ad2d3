#if PULSE_MISTAKES
namespace Pulse.Counting;

public sealed partial class BucketCheckpointing
{
    static partial void Mistake<T>(string name, ref T decision, T wrong) => Mistakes.Make(name, ref decision, wrong);
}

internal sealed partial class BucketMemory
{
    static partial void Mistake<T>(string name, ref T decision, T wrong) => Mistakes.Make(name, ref decision, wrong);
}

internal sealed partial class CellCounts
{
    static partial void Mistake<T>(string name, ref T decision, T wrong) => Mistakes.Make(name, ref decision, wrong);
}

public sealed partial class IngestSession
{
    static partial void Mistake<T>(string name, ref T decision, T wrong) => Mistakes.Make(name, ref decision, wrong);
}

internal sealed partial class BucketTally
{
    static partial void Mistake<T>(string name, ref T decision, T wrong) => Mistakes.Make(name, ref decision, wrong);
}

internal sealed partial class EpochRuns
{
    static partial void Mistake<T>(string name, ref T decision, T wrong) => Mistakes.Make(name, ref decision, wrong);
}
#endif
