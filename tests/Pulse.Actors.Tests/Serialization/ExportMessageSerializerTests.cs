using Pulse.Actors.Ingest;
using System.Collections.Immutable;
using System.Runtime.Serialization;
using Akka.Actor;
using Pulse.Actors.Coordination;
using Pulse.Warehouse;

namespace Pulse.Actors.Tests.Serialization;

/// <summary>
/// The bytes below are in journals and on the wire. A test that fails here means that other nodes, or the next start,
/// could not read what is written now: add a manifest with a new version instead of changing the bytes.
/// </summary>
public sealed class ExportMessageSerializerTests : IDisposable
{
    private static readonly DateTime Noon = new(2026, 1, 2, 12, 0, 0, 250, DateTimeKind.Utc);
    private static readonly CompletionId Completion = new("cluster/topic", 2, 300);
    private static readonly RollupDate Date = new("viewsByDeviceGenre", new DateOnly(2026, 1, 1));
    private static readonly ExportedDate Result = new(3, 400, 50_000);

    private static readonly ExportedDate Unchanged = new(3, 400, 0, "ab12", IsUnchanged: true);

    private static readonly DateProgress Loading = new(
        Completion, Date, new DateStatus(DateStep.Loading, 3, 50_000, "pulse_1", "RUNNING", "Busy."));

    private static readonly ExportOutcome Outcome = new(
        Completion, Noon, Noon.AddSeconds(2), [new RollupExport("viewsByDeviceGenre", 1, 3, 400, 50_000)], null);

    private static readonly CompletionAccepted Accepted =
        new(Completion, Noon, Noon.AddSeconds(1), [new PartitionRange(0, 0, 0), new PartitionRange(1, 5, 700)]);

    private static readonly ExportLedger Ledger = new(
        [Completion],
        [
            new ExportRound(Accepted, true, [Date, Date with { Rollup = "b" }],
                ImmutableDictionary<RollupDate, ExportedDate>.Empty.Add(Date, Result)),
            new ExportRound(Accepted with { Completion = Completion with { Offset = 301 } }),
        ],
        Outcome);

    private readonly ActorSystem _system = ActorSystem.Create("pulse", ExportMessageSerializer.Configuration);

    public static TheoryData<string, string, string> Pinned =>
        new()
        {
            {
                "accepted", "export.completion-accepted.v1",
                "0A140A0D636C75737465722F746F706963100218AC02120B08C0E6DECA061080E59A771A0B08C1E6DECA0610"
                + "80E59A77220022070801100518BC05"
            },
            {
                "drained", "export.stream-drained.v1",
                "0A140A0D636C75737465722F746F706963100218AC02"
            },
            {
                "went back", "export.storage-went-back.v1",
                "0A140A0D636C75737465722F746F706963100218AC02"
            },
            {
                "planned", "export.planned.v1",
                "0A140A0D636C75737465722F746F706963100218AC0212180A127669657773427944657669636547656E7265"
                + "10E69F01"
            },
            {
                "exported", "export.date-exported.v1",
                "0A140A0D636C75737465722F746F706963100218AC0212180A127669657773427944657669636547656E7265"
                + "10E69F011A09080310900318D08603"
            },
            {
                "completed", "export.completed.v1",
                "0A140A0D636C75737465722F746F706963100218AC02120B08C0E6DECA061080E59A77"
            },
            {
                "given up", "export.given-up.v1",
                "0A140A0D636C75737465722F746F706963100218AC02120B08C0E6DECA061080E59A771A076E6F20726F6F6D"
            },
            {
                "ledger", "export.ledger.v1",
                "0A140A0D636C75737465722F746F706963100218AC0212A1010A3B0A140A0D636C75737465722F746F706963"
                + "100218AC02120B08C0E6DECA061080E59A771A0B08C1E6DECA061080E59A77220022070801100518BC051001"
                + "180122180A127669657773427944657669636547656E726510E69F0122070A016210E69F012A3B0A140A0D63"
                + "6C75737465722F746F706963100218AC0212180A127669657773427944657669636547656E726510E69F011A"
                + "09080310900318D08603123D0A3B0A140A0D636C75737465722F746F706963100218AD02120B08C0E6DECA06"
                + "1080E59A771A0B08C1E6DECA061080E59A77220022070801100518BC051A510A140A0D636C75737465722F74"
                + "6F706963100218AC02120B08C0E6DECA061080E59A771A0B08C2E6DECA061080E59A77221F0A127669657773"
                + "427944657669636547656E72651001180320900328D08603"
            },
            {
                "checkpoint", "export.checkpoint-requested.v1",
                "0A140A0D636C75737465722F746F706963100218AC02"
            },
            {
                "started", "export.started.v1",
                "0A140A0D636C75737465722F746F706963100218AC02120B08C0E6DECA061080E59A771801"
            },
            {
                "progress", "export.progress.v1",
                "0A140A0D636C75737465722F746F706963100218AC021003180620012802"
            },
            {
                "finished", "export.finished.v1",
                "0A510A140A0D636C75737465722F746F706963100218AC02120B08C0E6DECA061080E59A771A0B08C2E6DECA"
                + "061080E59A77221F0A127669657773427944657669636547656E72651001180320900328D08603"
            },
            {
                "failed", "export.failed.v1",
                "0A5A0A140A0D636C75737465722F746F706963100218AC02120B08C0E6DECA061080E59A771A0B08C2E6DECA"
                + "061080E59A77221F0A127669657773427944657669636547656E72651001180320900328D086032A076E6F20"
                + "726F6F6D"
            },
            {
                "get state", "export.get-state.v1",
                ""
            },
            {
                "state", "export.state.v1",
                "0A1A0A140A0D636C75737465722F746F706963100218AC021001180610011A510A140A0D636C75737465722F"
                + "746F706963100218AC02120B08C0E6DECA061080E59A771A0B08C2E6DECA061080E59A77221F0A1276696577"
                + "73427944657669636547656E72651001180320900328D0860322104B61666B612069732073696C656E742E"
            },
            {
                "load begun", "export.load-begun.v1",
                "0A140A0D636C75737465722F746F706963100218AC0212180A127669657773427944657669636547656E7265"
                + "10E69F011A0461623132"
            },
            {
                "exported with gaps", "export.date-exported.v1",
                "0A140A0D636C75737465722F746F706963100218AC0212180A127669657773427944657669636547656E7265"
                + "10E69F011A0D080310900318D0860330073809"
            },
            {
                "finished with gaps", "export.finished.v1",
                "0A550A140A0D636C75737465722F746F706963100218AC02120B08C0E6DECA061080E59A771A0B08C2E6DECA"
                + "061080E59A7722230A127669657773427944657669636547656E72651001180320900328D0860338074009"
            },
            {
                "unchanged", "export.date-exported.v1",
                "0A140A0D636C75737465722F746F706963100218AC0212180A127669657773427944657669636547656E7265"
                + "10E69F011A0D08031090032204616231322801"
            },
            {
                "date progress", "export.date-progress.v1",
                "0A140A0D636C75737465722F746F706963100218AC0212180A127669657773427944657669636547656E7265"
                + "10E69F011804200328D08603320770756C73655F313A0752554E4E494E474205427573792E"
            },
            {
                "ledger with loads", "export.ledger.v1",
                "0A140A0D636C75737465722F746F706963100218AC0222180A070A016210E69F01120D080310900322046162"
                + "3132280122250A180A127669657773427944657669636547656E726510E69F011209080310900318D086032A"
                + "200A180A127669657773427944657669636547656E726510E69F01120461623132"
            },
            {
                "state with dates", "export.state.v1",
                "2A510A140A0D636C75737465722F746F706963100218AC0212180A127669657773427944657669636547656E"
                + "726510E69F011804200328D08603320770756C73655F313A0752554E4E494E474205427573792E"
            },
            {
                "idle state", "export.state.v1",
                ""
            },
            {
                "state with more dates", "export.state.v1",
                "3007"
            },
            {
                "get dates", "export.get-dates.v1",
                "0807"
            },
            {
                "dates", "export.dates.v1",
                "0A510A140A0D636C75737465722F746F706963100218AC0212180A127669657773427944657669636547656E"
                + "726510E69F011804200328D08603320770756C73655F313A0752554E4E494E474205427573792E"
            },
        };

    public void Dispose() => _system.Dispose();

    [Theory]
    [MemberData(nameof(Pinned))]
    public void Every_message_has_its_manifest_and_its_bytes_for_ever(string name, string manifest, string hex)
    {
        var message = Messages[name];
        var serializer = Assert.IsType<ExportMessageSerializer>(_system.Serialization.FindSerializerFor(message));

        Assert.Equal(1701, serializer.Identifier);
        Assert.Equal(manifest, serializer.Manifest(message));
        Assert.Equal(hex, Convert.ToHexString(serializer.ToBinary(message)));
    }

    [Theory]
    [MemberData(nameof(Pinned))]
    public void Pinned_bytes_are_read_as_the_message_they_were(string name, string manifest, string hex)
    {
        var read = _system.Serialization.Deserialize(Convert.FromHexString(hex), 1701, manifest);

        var message = Messages[name];
        Assert.Equal(message.GetType(), read.GetType());
        Assert.Equal(hex, Convert.ToHexString(_system.Serialization.FindSerializerFor(read).ToBinary(read)));
        if (message is CompletionAccepted accepted)
            Assert.Equal(accepted.Ends.AsEnumerable(), ((CompletionAccepted)read).Ends);
        else if (message is StreamDrained or StorageWentBack or DateExported or ExportCompleted or ExportGivenUp or ExportStarted
                 or ExportProgress or CheckpointRequested or LoadBegun or DateProgress)
            Assert.Equal(message, read);
    }

    [Fact]
    public void Every_kind_of_message_is_pinned()
    {
        var kinds = typeof(ExportEvent).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(ExportEvent)) || type.IsSubclassOf(typeof(ExportNotice)));

        var pinned = Pinned.Select(row => Messages[row.Data.Item1].GetType()).ToHashSet();

        Assert.All(kinds, kind => Assert.Contains(kind, pinned));
        Assert.Equal(Messages.Count, Pinned.Count);
    }

    [Fact]
    public void Fields_that_a_newer_version_added_are_passed_over()
    {
        // Field 15, a number: what a newer node might add.
        var bytes = Convert.FromHexString(Pinned.First(row => row.Data.Item1 == "drained").Data.Item3 + "7801");

        Assert.Equal(new StreamDrained(Completion),
            _system.Serialization.Deserialize(bytes, 1701, "export.stream-drained.v1"));
    }

    [Fact]
    public void A_manifest_of_a_newer_version_is_refused_with_its_name()
    {
        var serializer = new ExportMessageSerializer((ExtendedActorSystem)_system);

        var failure = Assert.Throws<SerializationException>(() => serializer.FromBinary([], "export.planned.v2"));

        Assert.Contains("export.planned.v2", failure.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, object> Messages { get; } = new()
    {
        ["accepted"] = Accepted,
        ["drained"] = new StreamDrained(Completion),
        ["went back"] = new StorageWentBack(Completion),
        ["planned"] = new ExportPlanned(Completion, [Date]),
        ["exported"] = new DateExported(Completion, Date, Result),
        ["completed"] = new ExportCompleted(Completion, Noon),
        ["given up"] = new ExportGivenUp(Completion, Noon, "no room"),
        ["ledger"] = Ledger,
        ["checkpoint"] = new CheckpointRequested(Completion),
        ["started"] = new ExportStarted(Completion, Noon, true),
        ["progress"] = new ExportProgress(Completion, ExportPhase.Exporting, 6, 1, 2),
        ["finished"] = new ExportFinished(Outcome),
        ["failed"] = new ExportFailed(Outcome with { Failure = "no room" }),
        ["get state"] = GetExportState.Instance,
        ["state"] = new ExportState(
            new ExportProgress(Completion, ExportPhase.Draining, 6, 0, 0), 1, Outcome, "Kafka is silent."),
        ["load begun"] = new LoadBegun(Completion, Date, "ab12"),
        ["exported with gaps"] = new DateExported(Completion, Date, Result with { Gaps = new KnownGaps(7, 9) }),
        ["finished with gaps"] = new ExportFinished(
            Outcome with { Rollups = [Outcome.Rollups[0] with { Lost = 7, Cut = 9 }] }),
        ["unchanged"] = new DateExported(Completion, Date, Unchanged),
        ["date progress"] = Loading,
        ["ledger with loads"] = new ExportLedger(
            [Completion],
            [],
            null,
            ImmutableDictionary<RollupDate, ExportedDate>.Empty
                .Add(Date, Result).Add(Date with { Rollup = "b" }, Unchanged),
            ImmutableDictionary<RollupDate, string>.Empty.Add(Date, "ab12")),
        ["state with dates"] = new ExportState(null, 0, null, null) { Dates = [Loading] },
        ["idle state"] = new ExportState(null, 0, null, null),
        ["state with more dates"] = new ExportState(null, 0, null, null) { DateCount = 7 },
        ["get dates"] = new GetExportDates(7),
        ["dates"] = new ExportDates([Loading]),
    };
}
