using System.Globalization;
using Parquet;
using Parquet.Schema;
using Pulse.Counting;

namespace Pulse.Warehouse;

/// <summary>Writes result rows as the warehouse's columns, one row group's worth in memory at a time.</summary>
internal sealed class ParquetRowWriter : IAsyncDisposable
{
    /// <summary>The footer's entry with the rows' digest.</summary>
    public const string DigestKey = "pulse.digest";

    /// <summary>About 5 MB of buffers for a rollup of two dimensions; large enough for dictionaries to pay.</summary>
    private const int RowsPerGroup = 50_000;

    // Unpadded, as the dashboards of the contract expect.
    private static readonly string[] Numbers =
        [.. Enumerable.Range(0, 60).Select(number => number.ToString(CultureInfo.InvariantCulture))];

    private readonly ParquetWriter _writer;
    private readonly DateOnly _date;
    private readonly DataField[] _dimensionFields;
    private readonly DataField _countField;
    private readonly DataField _dateField;
    private readonly DataField _hourField;
    private readonly DataField _minuteField;
    private readonly DataField _windowEndField;

    private readonly List<string>[] _dimensions;
    private readonly List<string> _hours = [];
    private readonly List<string> _minutes = [];
    private readonly long[] _counts = new long[RowsPerGroup];
    private readonly DateTime[] _windowEnds = new DateTime[RowsPerGroup];
    private int _rows;

    private ParquetRowWriter(ParquetWriter writer, ParquetSchema schema, Rollup rollup, DateOnly date)
    {
        _writer = writer;
        _date = date;
        var fields = schema.DataFields;
        var dimensions = rollup.Dimensions.Length;
        _dimensionFields = fields[..dimensions];
        _dimensions = [.. _dimensionFields.Select(_ => new List<string>())];
        _countField = fields[dimensions];
        _dateField = fields[dimensions + 1];
        _hourField = fields[dimensions + 2];
        _minuteField = fields[dimensions + 3];
        _windowEndField = fields[dimensions + 4];
    }

    public static async Task<ParquetRowWriter> CreateAsync(
        Stream stream, Rollup rollup, DateOnly date, CancellationToken cancellationToken)
    {
        var schema = new ParquetSchema([.. Fields(rollup)]);
        var options = new ParquetOptions { CompressionMethod = CompressionMethod.Snappy };
        var writer = await ParquetWriter
            .CreateAsync(schema, stream, options, cancellationToken: cancellationToken).ConfigureAwait(false);
        return new ParquetRowWriter(writer, schema, rollup, date);
    }

    public async ValueTask AddAsync(KeyCount row, CancellationToken cancellationToken)
    {
        for (var index = 0; index < _dimensions.Length; index++)
            _dimensions[index].Add(row.Key.Values[index]);
        var end = row.Window.EndUtc;
        _counts[_rows] = row.Count;
        _hours.Add(Numbers[end.Hour]);
        _minutes.Add(Numbers[end.Minute]);
        _windowEnds[_rows] = end;
        if (++_rows == RowsPerGroup)
            await WriteGroupAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes what is left, and the digest into the footer; without it the file holds only the full row groups.</summary>
    public async Task CompleteAsync(string digest, CancellationToken cancellationToken)
    {
        if (_rows > 0)
            await WriteGroupAsync(cancellationToken).ConfigureAwait(false);
        _writer.CustomMetadata = new Dictionary<string, string> { [DigestKey] = digest };
    }

    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private static IEnumerable<Field> Fields(Rollup rollup)
    {
        foreach (var dimension in rollup.Dimensions)
            yield return Text(dimension);
        yield return new DataField<long>("view_count", nullable: false);
        yield return new DataField<DateOnly>("date", nullable: false);
        yield return Text("hour");
        yield return Text("min");
        yield return new DateTimeDataField(
            "window_end", DateTimeFormat.Timestamp, isAdjustedToUTC: true, DateTimeTimeUnit.Micros, isNullable: false);

        static DataField Text(string name) => new(name, typeof(string), isNullable: false);
    }

    private async Task WriteGroupAsync(CancellationToken cancellationToken)
    {
        var dates = new DateOnly[_rows];
        Array.Fill(dates, _date);
        using (var group = _writer.CreateRowGroup())
        {
            for (var index = 0; index < _dimensions.Length; index++)
                await group.WriteAsync(_dimensionFields[index], _dimensions[index]).ConfigureAwait(false);
            await group.WriteAsync<long>(_countField, _counts.AsMemory(0, _rows), cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            await group.WriteAsync<DateOnly>(_dateField, dates.AsMemory(), cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            await group.WriteAsync(_hourField, _hours).ConfigureAwait(false);
            await group.WriteAsync(_minuteField, _minutes).ConfigureAwait(false);
            await group.WriteAsync<DateTime>(
                _windowEndField, _windowEnds.AsMemory(0, _rows), cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            group.CompleteValidate();
        }

        foreach (var values in _dimensions)
            values.Clear();
        _hours.Clear();
        _minutes.Clear();
        _rows = 0;
    }
}
