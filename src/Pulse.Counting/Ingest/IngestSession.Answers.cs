namespace Pulse.Counting;

/// <content>What buckets and the broker say, and what follows: go on, skip, start over, or end because the log was cut.</content>
public sealed partial class IngestSession
{
    private int _question;
    private bool _isAsking;
    private long _askedBeyond;
    private bool _seeksAfterwards;
    private long _positionAtTick = -1;

    /// <summary>A bucket answered.</summary>
    public void Answered(BucketAnswer answer)
    {
        if (answer.Session != Id || Phase == SessionPhase.Over || !_bucketsById.TryGetValue(answer.Bucket, out var bucket))
            return;
        if (answer.Kind == AnswerKind.OtherVersion)
            End(SessionEnd.OtherVersion, $"{answer.Bucket} is counted by another declaration.");
        else if (answer.Kind == AnswerKind.OldStream)
            End(SessionEnd.OldStream, $"{answer.Bucket} knows that {Partition.Stream} was made again.");
        else if (Phase == SessionPhase.StartingOver)
            Begin(bucket, answer);
        else
            GoOn(bucket, answer);
    }

    /// <summary>The log does not hold the position that was sought, or that it had come to.</summary>
    /// <param name="reading">The <see cref="SessionEffect.Seek.Reading"/> in which that was found.</param>
    public void PositionNotFound(int reading)
    {
        if (Phase != SessionPhase.Reading || reading != _reading)
            return;
        _seeksAfterwards = true;
        AskLogSpan();
    }

    /// <summary>The broker says that the log's epochs are not those of the session's position.</summary>
    /// <param name="reading">The <see cref="SessionEffect.Seek.Reading"/> in which that was found.</param>
    /// <param name="detail">What the broker says, for a person.</param>
    /// <param name="at">Where the log is another one now; null where the broker does not say it.</param>
    public void LogWasCut(int reading, string detail, LogPosition? at)
    {
        if (Phase == SessionPhase.Reading && reading == _reading)
            EndByCut($"The broker does not know {Position}: {detail}", at);
    }

    /// <summary>The partition can't be read now.</summary>
    /// <param name="reading">The <see cref="SessionEffect.Seek.Reading"/> in which that was found.</param>
    /// <param name="reason">Why, for a person.</param>
    public void ReadingRefused(int reading, string reason)
    {
        if (Phase == SessionPhase.Reading && reading == _reading)
            End(SessionEnd.Refused, reason);
    }

    /// <summary>The broker told what the log holds.</summary>
    /// <param name="question">Of the effect.</param>
    /// <param name="begin">The first offset that is still there.</param>
    /// <param name="end">The offset that the next record will have.</param>
    public void LogSpans(int question, long begin, long end)
    {
        if (Phase != SessionPhase.Reading || !_isAsking || question != _question)
            return;
        _isAsking = false;
        var furthest = _askedBeyond;
        Mistake("EndComparedWithLaterAnswers", ref furthest, Furthest());
        Mistake("EndNotCompared", ref furthest, 0);
        if (furthest > end)
        {
            EndByCut($"It ends at {end}, and {furthest} was read before.", new LogPosition(end, LogPosition.UnknownEpoch));
            return;
        }

        if (begin > Position.Offset)
            MoveOverGap(begin);
        else if (_seeksAfterwards)
            SeekWhatIsLeft(begin);
        _seeksAfterwards = false;
    }

    private void Begin(BucketTally bucket, BucketAnswer answer)
    {
        if (answer.Kind == AnswerKind.Apart)
            bucket.StandApart(answer.Position, answer.Stored);
        else
            bucket.Hear(answer.Position, answer.Stored);
        // Where all stand apart, there is nobody to read for.
        if (!_buckets.All(each => each.IsKnown) || !Counting.Any())
            return;

        // Of equal offsets, the one with the highest epoch: any other is compared with what is read.
        var least = Counting.MinBy(each => (each.Said.Offset, -each.Said.Epoch))!.Said;
        Mistake("ReadsFromTheGreatestPosition", ref least, Counting.MaxBy(each => each.Said.Offset)!.Said);
        Mistake("ReadsFromItsOwnPosition", ref least, Position.Offset > least.Offset ? Position : least);
        Position = least;
        _epochs.StartAt(least);
        foreach (var each in Counting)
        {
            each.Start();
            each.IsAhead = each.NextOffset > least.Offset;
        }

        Phase = SessionPhase.Reading;
        Seek();
    }

    private void GoOn(BucketTally bucket, BucketAnswer answer)
    {
        if (answer.Kind == AnswerKind.Apart || bucket.IsApart)
        {
            LeaveOrReturn(bucket, answer);
            return;
        }

        var position = answer.Position;
        _hasProgressed |= answer.Kind == AnswerKind.Applied;
        bucket.Hear(position, answer.Stored);
        if (position.Offset <= Position.Offset && !_epochs.Allows(position))
        {
            EndByCut($"{bucket.Id} stands at {position}, and another record was read there.");
            return;
        }

        var isLess = bucket.IsBeforeStart(position) || (answer.Kind == AnswerKind.Elsewhere && position.Offset < bucket.NextOffset);
        Mistake("LessIgnored", ref isLess, false);
        if (isLess)
            StartOver($"{bucket.Id} stands at {position}, and {bucket.Next} was sent.");
        else if (position.Offset > bucket.NextOffset)
            Skip(bucket, position);
        if (Phase == SessionPhase.Draining)
            EndWhereDrained();
    }

    // A bucket that stands apart keeps nobody waiting. It is read again from where it stands as soon as it takes part.
    private void LeaveOrReturn(BucketTally bucket, BucketAnswer answer)
    {
        var isApart = answer.Kind == AnswerKind.Apart;
        Mistake("ReturnIgnored", ref isApart, true);
        if (!isApart)
        {
            StartOver($"{bucket.Id} takes part again, at {answer.Position}.");
            return;
        }

        var isNews = !bucket.IsApart;
        bucket.StandApart(answer.Position, answer.Stored);
        if (Phase == SessionPhase.Draining)
            EndWhereDrained();
        else if (isNews && Counting.All(each => each.NextOffset > Position.Offset))
            // What it alone needed is not read any more.
            StartOver($"{bucket.Id} stands apart, and all others are ahead.");
    }

    private void Skip(BucketTally bucket, LogPosition position)
    {
        // What was counted for the bucket can't be divided at an offset.
        var isWhole = position.Offset >= Position.Offset || bucket.HasNothing;
        Mistake("SkipDividesCounts", ref isWhole, true);
        if (!isWhole)
        {
            StartOver($"{bucket.Id} stands at {position}, inside of what was read for it.");
            return;
        }

        bucket.SkipTo(position);
        bucket.IsAhead = position.Offset > Position.Offset;
    }

    private void StartOver(string detail)
    {
        if (Phase == SessionPhase.Draining)
        {
            End(SessionEnd.Abandoned, detail);
            return;
        }

        // Two sessions that hold each other up, or a bucket that loses its memory again and again, must not spin.
        var hasProgressed = _hasProgressed;
        BeginAttempt();
        if (hasProgressed)
            AskUnknown();
    }

    private void Seek()
    {
        _reading++;
        Emit(new SessionEffect.Seek(Position, _reading));
    }

    // Retention may have removed the record below, and none that is to be read: then there is nothing left to compare.
    private void SeekWhatIsLeft(long begin)
    {
        if (begin > Position.BehindRecord.Offset)
            Position = new LogPosition(Position.Offset, LogPosition.UnknownEpoch);
        Seek();
    }

    // Records that were fetched before retention removed them are in no bucket or in all: so they are read no more.
    private void MoveOverGap(long begin)
    {
        foreach (var bucket in Counting)
            bucket.AddGap(Position.Offset, begin);
        Position = new LogPosition(begin, LogPosition.UnknownEpoch);
        Seek();
        MeetBucketsAhead();
    }

    // A position that the session had not come to when it heard of it is compared when it has.
    private void MeetBucketsAhead()
    {
        foreach (var bucket in _buckets)
        {
            if (!bucket.IsAhead || bucket.NextOffset > Position.Offset)
                continue;
            bucket.IsAhead = false;
            if (_epochs.Allows(bucket.Next))
                continue;
            EndByCut($"{bucket.Id} stands at {bucket.Next}, and another record was read there.");
            return;
        }
    }

    private void AskLogSpanWhereStuck()
    {
        var isStuck = Position.Offset == _positionAtTick && _buckets.Any(bucket => bucket.IsAhead);
        _positionAtTick = Position.Offset;
        if (isStuck || _seeksAfterwards)
            AskLogSpan();
    }

    // A question that is asked again is the same one: an answer that takes longer than a tick counts as well. Buckets that
    // say a position after it left may have it from records that came later.
    private void AskLogSpan()
    {
        if (!_isAsking)
        {
            _isAsking = true;
            _askedBeyond = Furthest();
            _question++;
        }

        Emit(new SessionEffect.AskLogSpan(_question));
    }

    private long Furthest() => Counting.Select(bucket => bucket.NextOffset).Append(Position.Offset).Max();

    private void EndByCut(string detail, LogPosition? at = null) =>
        End(SessionEnd.LogCut, $"The log of {Partition} was cut. {detail}", at);
}
