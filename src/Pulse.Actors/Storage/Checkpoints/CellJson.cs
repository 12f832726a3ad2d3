using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>Cells as one parameter of a statement: an array for each, of the key's values, the window's end and the count.</summary>
internal static class CellJson
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes cells in their order.</summary>
    public static string Write(IEnumerable<KeyCount> cells)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(text, Plain))
        {
            writer.WriteStartArray();
            foreach (var cell in cells)
            {
                writer.WriteStartArray();
                foreach (var value in cell.Key.Values)
                    writer.WriteStringValue(value);
                writer.WriteStringValue(cell.Window.EndUtc.ToString(SqlDialect.InstantFormat, CultureInfo.InvariantCulture));
                writer.WriteNumberValue(cell.Count);
                writer.WriteEndArray();
            }

            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(text.WrittenSpan);
    }
}
