namespace Pulse.Testing.BigQuery;

/// <summary>A load job that ended well, which changed a table.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Table">Dataset and table, such as <c>real_time_analytics.viewsByDeviceGenre</c>.</param>
/// <param name="Partition">The partition that was written, such as <c>20260101</c>; null: the whole table.</param>
/// <param name="Rows">The rows that were loaded.</param>
public sealed record FakeLoad(string JobId, string Table, string? Partition, long Rows);
