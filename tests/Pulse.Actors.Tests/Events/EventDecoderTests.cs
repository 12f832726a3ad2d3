using System.Text;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Tests.Events;

public sealed class EventDecoderTests
{
    private static BadRecord Bad(BadRecordReason reason, EventField field = EventField.None) => new(reason, field);

    private static Dimension Find(string name)
    {
        Assert.True(Dimension.TryFind(name, out var dimension));
        return dimension;
    }

    [Fact]
    public void Gives_every_dimension_of_an_event()
    {
        var decoded = Decoded.Of(new SampleEvent().ToBytes());

        Assert.Equal(BadRecord.None, decoded.BadRecord);
        Assert.Equal(
            ["Smart TV", "Drama", "Female", "30-39", "United Kingdom", "PG-13", "Movie", "English", "The Engine", "1990s"],
            decoded.Texts);
        Assert.Equal(
            DateTimeOffset.Parse(SampleEvent.Timestamp, null).ToUnixTimeMilliseconds(), decoded.UnixMilliseconds);
    }

    [Fact]
    public void Identifiers_count_up_from_zero_in_each_dimension_and_stay()
    {
        var decoder = new EventDecoder([Find("genre"), Find("age_group"), Find("release_decade")], CountingRules.Default.MaximumSkew);
        int[] Ids(string genre, int age, int year)
        {
            var ids = new int[3];
            var payload = new SampleEvent().WithText("Genre", genre).With("UserAge", $"{age}")
                .With("ReleaseYear", $"{year}").ToBytes();
            Assert.Equal(BadRecord.None, decoder.Decode(payload, EventDecoder.NoRecordTimestamp, ids, out _));
            return ids;
        }

        Assert.Equal([0, 0, 0], Ids("Drama", 70, 2020));
        Assert.Equal([1, 1, 1], Ids("Horror", 5, 1850));
        Assert.Equal([0, 1, 0], Ids("Drama", 9, 2029));
        Assert.Equal("Horror", decoder.Text(0, 1));
        Assert.Equal("0-9", decoder.Text(1, 1));
        Assert.Equal("1850s", decoder.Text(2, 1));
        Assert.Equal(2, decoder.ValueCount(0));
    }

    [Fact]
    public void Keeps_thousands_of_values_apart()
    {
        var decoder = new EventDecoder([Find("content_name")], CountingRules.Default.MaximumSkew);
        var ids = new int[1];
        for (var round = 0; round < 2; round++)
        {
            for (var title = 0; title < 5_000; title++)
            {
                // Lengths from one byte to beyond several words, so that every branch of the hash is taken.
                var name = title + new string('x', title % 40);
                var payload = new SampleEvent().WithText("ContentName", name).ToBytes();
                Assert.Equal(BadRecord.None, decoder.Decode(payload, EventDecoder.NoRecordTimestamp, ids, out _));
                Assert.Equal(title, ids[0]);
                Assert.Equal(name, decoder.Text(0, ids[0]));
            }
        }
    }

    [Fact]
    public void Only_fields_of_the_given_dimensions_are_needed()
    {
        var decoder = new EventDecoder([Find("genre")], CountingRules.Default.MaximumSkew);
        var json = """{"UserAge":"old","DeviceType":[],"Genre":"Drama","EventTimestamp":"2026-01-01T00:00:00"}""";

        Assert.Equal(["Drama"], Decoded.By(decoder, Encoding.UTF8.GetBytes(json)).Texts);
    }

    [Theory]
    [InlineData("\"x\"")]
    [InlineData("\"\\ud800 and no more\"")]
    [InlineData("\"\"")]
    [InlineData("-0.5e-12")]
    [InlineData("1E400")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("false")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"Genre\":1,\"UserAge\":{\"Genre\":[{\"Genre\":null}]}}")]
    [InlineData("[\"Genre\",{\"EventTimestamp\":0}]")]
    [InlineData("\"\\\"Genre\\\":\\\"Horror\\\"\"")]
    public void Other_fields_are_ignored_whatever_they_hold(string json)
    {
        foreach (var name in new[] { "EventId", "Extra", "genre", "Genr", "GenreX", "" })
            Assert.Equal("Drama", Decoded.Of(new SampleEvent().With(name, json).ToString())["genre"]);
    }

    [Fact]
    public void Fields_come_in_any_order_with_any_whitespace()
    {
        var reversed = new SampleEvent().Fields.Reverse().Select(field => $"\r\n\t\"{field.Key}\" :\n {field.Value} ");

        var decoded = Decoded.Of($" \n{{{string.Join(",", reversed)}}}\t\r\n ");

        Assert.Equal("Drama", decoded["genre"]);
        Assert.Equal("30-39", decoded["age_group"]);
    }

    [Fact]
    public void Escapes_count_as_what_they_stand_for_in_names_and_values()
    {
        var json = new SampleEvent().With("ContentName", "\"\\u0041\\\\\\/\\\"\\ud83d\\ude00\\u00e9\\u20ACé\"").ToString()
            .Replace("\"Genre\"", "\"Gen\\u0072e\"", StringComparison.Ordinal)
            .Replace("2026-01-01T12:34", "2026\\u002d01-01T12\\u003A34", StringComparison.Ordinal);

        var decoded = Decoded.Of(json);

        Assert.Equal("Drama", decoded["genre"]);
        Assert.Equal("A\\/\"😀é€é", decoded["content_name"]);
        Assert.Equal(Decoded.Of(new SampleEvent().ToBytes()).UnixMilliseconds, decoded.UnixMilliseconds);
    }

    [Fact]
    public void An_escaped_and_a_plain_spelling_are_one_value()
    {
        var decoder = new EventDecoder([Find("genre")], CountingRules.Default.MaximumSkew);
        Decoded.By(decoder, new SampleEvent().With("Genre", "\"Drama\"").ToBytes());
        Decoded.By(decoder, new SampleEvent().With("Genre", "\"Dr\\u0061ma\"").ToBytes());

        Assert.Equal(1, decoder.ValueCount(0));
    }

    [Theory]
    [InlineData("\"Horror\"", "\"Drama\"", "Drama")]
    [InlineData("null", "\"Drama\"", "Drama")]
    [InlineData("{\"Genre\":\"Action\"}", "\"Drama\"", "Drama")]
    [InlineData("\"Drama\"", "{\"Genre\":\"Action\"}", null)]
    [InlineData("\"Drama\"", "null", null)]
    public void Of_a_repeated_name_the_last_counts(string first, string last, string? genre)
    {
        foreach (var name in new[] { "\"Genre\"", "\"\\u0047enre\"" })
        {
            var json = new SampleEvent().With("Genre", $"{first},{name}:{last}").ToString();
            if (genre is null)
                Assert.Equal(Bad(BadRecordReason.WrongType, EventField.Genre), Decoded.Of(json).BadRecord);
            else
                Assert.Equal(genre, Decoded.Of(json)["genre"]);
        }
    }

    [Fact]
    public void No_bytes_are_Empty() =>
        Assert.Equal(Bad(BadRecordReason.Empty), Decoded.Of(ReadOnlySpan<byte>.Empty).BadRecord);

    [Theory]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("}")]
    [InlineData("nul")]
    [InlineData("[1")]
    [InlineData("{\"a\"}")]
    [InlineData("{\"a\":}")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":+1}")]
    [InlineData("{\"a\":-}")]
    [InlineData("{\"a\":1.}")]
    [InlineData("{\"a\":.5}")]
    [InlineData("{\"a\":1e}")]
    [InlineData("{\"a\":1e+}")]
    [InlineData("{\"a\":truee}")]
    [InlineData("{\"a\":True}")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{'a':1}")]
    [InlineData("{a:1}")]
    [InlineData("{\"a\":1 \"b\":2}")]
    [InlineData("{\"a\":\"\\x\"}")]
    [InlineData("{\"a\":\"\\u12g4\"}")]
    [InlineData("{\"a\":\"line\nbreak\"}")]
    [InlineData("{\"a\":\"nul\0\"}")]
    [InlineData("{\"a\":[1}")]
    [InlineData("{\"a\":1}}")]
    [InlineData("{\"a\":1},")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{,\"a\":1}")]
    [InlineData("{\"a\":1} {}")]
    [InlineData("{\"a\":1} x")]
    [InlineData("{\"a\":1}\"")]
    [InlineData("{\"a\":1}\0")]
    [InlineData("{\"a\":\"b}")]
    [InlineData("{\"a\":[1,]}")]
    [InlineData("{\"a\":1}//")]
    [InlineData("{/**/\"a\":1}")]
    [InlineData("\uFEFF{\"a\":1}")]
    public void What_is_not_one_JSON_value_is_NotJson(string text)
    {
        Assert.Equal(Bad(BadRecordReason.NotJson), Decoded.Of(text).BadRecord);

        // The same mistake behind a whole event, so that needed fields have been seen before it.
        if (text.StartsWith("{\"a\":", StringComparison.Ordinal))
        {
            var late = new SampleEvent().ToString()[..^1] + "," + text[1..];
            Assert.Equal(Bad(BadRecordReason.NotJson), Decoded.Of(late).BadRecord);
        }
    }

    [Fact]
    public void Every_truncation_is_NotJson()
    {
        var whole = new SampleEvent().ToBytes();
        for (var length = 1; length < whole.Length; length++)
            Assert.Equal(Bad(BadRecordReason.NotJson), Decoded.Of(whole.AsSpan(0, length)).BadRecord);
    }

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    public void Sixty_four_levels_are_the_deepest(int levelsInside, bool isJson)
    {
        var nested = new string('[', levelsInside) + new string(']', levelsInside);
        var bad = Decoded.Of(new SampleEvent().With("Extra", nested).ToString()).BadRecord;

        Assert.Equal(isJson ? BadRecord.None : Bad(BadRecordReason.NotJson), bad);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("-1.5")]
    [InlineData(" \"Genre\" ")]
    [InlineData("[{\"Genre\":\"Drama\"}]")]
    public void Other_JSON_values_are_NotAnObject(string json) =>
        Assert.Equal(Bad(BadRecordReason.NotAnObject), Decoded.Of(json).BadRecord);

    [Fact]
    public void Each_required_field_can_be_missing_null_or_of_another_type()
    {
        foreach (var field in (EventField[])[.. EventSchema.Required, EventField.EventTimestamp])
        {
            var name = field.ToString();
            Assert.Equal(
                Bad(BadRecordReason.MissingField, field), Decoded.Of(new SampleEvent().Without(name).ToBytes()).BadRecord);

            foreach (var json in new[] { "null", "true", "{}", "[]", field == EventField.UserAge ? "\"36\"" : "36" })
            {
                Assert.Equal(
                    Bad(BadRecordReason.WrongType, field),
                    Decoded.Of(new SampleEvent().With(name, json).ToBytes()).BadRecord);
            }
        }
    }

    [Theory]
    [InlineData(EventField.ContentType)]
    [InlineData(EventField.ContentName)]
    [InlineData(EventField.Language)]
    [InlineData(EventField.ReleaseYear)]
    public void Each_other_field_has_a_value_where_it_is_absent_or_not_what_is_allowed(EventField field)
    {
        var place = Dimension.All.ToList().FindIndex(dimension => dimension.Field == field);
        string Value(SampleEvent value) => Decoded.Of(value.ToBytes()).Texts[place];

        Assert.Equal("(none)", Value(new SampleEvent().Without($"{field}")));
        Assert.Equal("(none)", Value(new SampleEvent().With($"{field}", "null")));
        foreach (var json in new[] { "true", "{}", "[]", field == EventField.ReleaseYear ? "\"1994\"" : "36", "\"\"", "\"\\n\"" })
            Assert.Equal("(invalid)", Value(new SampleEvent().With($"{field}", json)));
    }

    [Fact]
    public void An_empty_object_misses_the_first_dimension() =>
        Assert.Equal(Bad(BadRecordReason.MissingField, EventField.DeviceType), Decoded.Of("{}").BadRecord);

    [Fact]
    public void An_empty_text_is_EmptyText() =>
        Assert.Equal(
            Bad(BadRecordReason.EmptyText, EventField.Genre),
            Decoded.Of(new SampleEvent().WithText("Genre", "").ToBytes()).BadRecord);

    [Theory]
    [InlineData("x", 256, true)]
    [InlineData("x", 257, false)]
    [InlineData("é", 128, true)]
    [InlineData("é", 129, false)]
    [InlineData("\\u00e9", 128, true)]
    [InlineData("\\u00e9", 129, false)]
    [InlineData("\\ud83d\\ude00", 64, true)]
    [InlineData("\\ud83d\\ude00", 65, false)]
    public void A_text_has_at_most_256_bytes_of_UTF8(string part, int times, bool isAccepted)
    {
        var text = string.Concat(Enumerable.Repeat(part, times));
        var bad = Decoded.Of(new SampleEvent().With("Genre", $"\"{text}\"").ToString()).BadRecord;

        Assert.Equal(isAccepted ? BadRecord.None : Bad(BadRecordReason.TextTooLong, EventField.Genre), bad);
    }

    [Theory]
    [InlineData("\\u0000")]
    [InlineData("a\\u001fb")]
    [InlineData("\\n")]
    [InlineData("\\t")]
    [InlineData("\\b")]
    [InlineData("\\f")]
    [InlineData("\\r")]
    [InlineData("\\u007f")]
    [InlineData("\u007f")]
    [InlineData("\\ud800")]
    [InlineData("\\udc00")]
    [InlineData("\\ud800x")]
    [InlineData("\\ud800\\n")]
    [InlineData("\\ud800\\ud800")]
    [InlineData("\\ude00\\ud83d")]
    public void Control_characters_and_half_surrogates_are_InvalidText(string raw) =>
        Assert.Equal(
            Bad(BadRecordReason.InvalidText, EventField.UserGender),
            Decoded.Of(new SampleEvent().With("UserGender", $"\"{raw}\"").ToString()).BadRecord);

    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xC3 })]
    [InlineData(new byte[] { 0xA9 })]
    [InlineData(new byte[] { 0xC0, 0x80 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData(new byte[] { 0xF4, 0x90, 0x80, 0x80 })]
    public void Invalid_UTF8_is_InvalidText_where_needed_and_ignored_elsewhere(byte[] invalid)
    {
        byte[] Replace(string field) =>
            [.. Encoding.Latin1.GetBytes(
                new SampleEvent().With(field, $"\"{Encoding.Latin1.GetString(invalid)}\"").ToString())];

        Assert.Equal(Bad(BadRecordReason.InvalidText, EventField.Genre), Decoded.Of(Replace("Genre")).BadRecord);
        Assert.Equal(BadRecord.None, Decoded.Of(Replace("UserName")).BadRecord);
    }

    [Fact]
    public void Texts_are_not_trimmed() =>
        Assert.Equal(" Drama ", Decoded.Of(new SampleEvent().WithText("Genre", " Drama ").ToBytes())["genre"]);

    [Theory]
    [InlineData("0", "0-9")]
    [InlineData("9", "0-9")]
    [InlineData("10", "10-19")]
    [InlineData("29", "20-29")]
    [InlineData("150", "150-159")]
    [InlineData("151", null)]
    [InlineData("-1", null)]
    [InlineData("-0", null)]
    [InlineData("20.0", null)]
    [InlineData("2e1", null)]
    [InlineData("2E1", null)]
    [InlineData("4294967316", null)]
    [InlineData("18446744073709551636", null)]
    public void Ages_are_whole_numbers_from_0_to_150(string json, string? ageGroup) =>
        AssertDecade(EventField.UserAge, json, "age_group", ageGroup);

    [Theory]
    [InlineData("1000", "1000s")]
    [InlineData("1999", "1990s")]
    [InlineData("2000", "2000s")]
    [InlineData("9999", "9990s")]
    [InlineData("999", "(invalid)")]
    [InlineData("10000", "(invalid)")]
    [InlineData("1999.5", "(invalid)")]
    [InlineData("-1999", "(invalid)")]
    public void Release_years_have_four_digits(string json, string? decade) =>
        AssertDecade(EventField.ReleaseYear, json, "release_decade", decade);

    [Fact]
    public void Of_several_mistakes_the_first_in_the_order_of_the_dimensions_is_told_and_the_timestamp_last()
    {
        var decoder = new EventDecoder([Find("age_group"), Find("genre")], CountingRules.Default.MaximumSkew);
        var sample = new SampleEvent().Without("EventTimestamp").With("UserAge", "999").With("Genre", "null");
        BadRecord Now() => Decoded.By(decoder, sample.ToBytes()).BadRecord;

        Assert.Equal(
            Bad(BadRecordReason.NotJson), Decoded.By(decoder, Encoding.UTF8.GetBytes(sample + "x")).BadRecord);
        Assert.Equal(Bad(BadRecordReason.NumberOutOfRange, EventField.UserAge), Now());
        sample.With("UserAge", "99");
        Assert.Equal(Bad(BadRecordReason.WrongType, EventField.Genre), Now());
        sample.WithText("Genre", "Drama");
        Assert.Equal(Bad(BadRecordReason.MissingField, EventField.EventTimestamp), Now());
    }

    [Fact]
    public void Records_longer_than_the_scan_takes_are_read_as_well()
    {
        foreach (var length in new[] { FlatEventScanner.MaximumLength - 600, FlatEventScanner.MaximumLength, 100_000 })
        {
            var sample = new SampleEvent().WithText("UserName", new string('x', length));
            Assert.Equal("Drama", Decoded.Of(sample.ToBytes())["genre"]);
        }
    }

    [Fact]
    public void A_decoder_refuses_repeated_dimensions_those_of_no_field_and_too_few_places()
    {
        Assert.Throws<ArgumentException>(() => new EventDecoder([Find("genre"), Find("genre")], CountingRules.Default.MaximumSkew));
        Assert.Throws<ArgumentException>(() => new EventDecoder([new Dimension("reason", EventField.None, Derivation.Text)], CountingRules.Default.MaximumSkew));
        Assert.Throws<ArgumentException>(
            () => new EventDecoder(Dimension.All, CountingRules.Default.MaximumSkew).Decode("{}"u8, EventDecoder.NoRecordTimestamp, new int[9], out _));
    }

    [Fact]
    public void Nothing_is_allocated_for_values_seen_before()
    {
        byte[][] payloads =
        [
            new SampleEvent().ToBytes(),
            new SampleEvent().With("Genre", "\"Dr\\u0061ma\"").With("Extra", "{\"Genre\":[1]}").ToBytes(),
            new SampleEvent().With("UserAge", "151").ToBytes(),
            new SampleEvent().With("Language", "\"\\ud800\"").ToBytes(),
            new SampleEvent().With("EventTimestamp", "\"yesterday\"").ToBytes(),
        ];
        var decoder = new EventDecoder(Dimension.All, CountingRules.Default.MaximumSkew);
        var ids = new int[Dimension.All.Count];
        void DecodeAll()
        {
            foreach (var payload in payloads)
                decoder.Decode(payload, SampleEvent.RecordUnixMilliseconds, ids, out _);
        }

        DecodeAll();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 1_000; round++)
            DecodeAll();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void AssertDecade(EventField field, string json, string dimension, string? expected)
    {
        var decoded = Decoded.Of(new SampleEvent().With(field.ToString(), json).ToBytes());
        if (expected is null)
            Assert.Equal(Bad(BadRecordReason.NumberOutOfRange, field), decoded.BadRecord);
        else
            Assert.Equal(expected, decoded[dimension]);
    }
}
