namespace Pulse.Actors.Ingest;

/// <summary>
/// Which completion: the record's place in the completion topic. Kafka may deliver a record twice; its place is what
/// tells the second delivery from a second completion.
/// </summary>
/// <param name="Stream">
/// The identity of the completion topic's stream. A topic that was made again, one of another name, or the embedded broker's next
/// start, is another stream, whose offsets begin anew.
/// </param>
/// <param name="Partition">The completion topic's partition.</param>
/// <param name="Offset">The record's offset in it.</param>
public readonly record struct CompletionId(string Stream, int Partition, long Offset)
{
    /// <summary>For people: partition and offset, such as <c>0@12</c>.</summary>
    public override string ToString() => $"{Partition}@{Offset}";
}
