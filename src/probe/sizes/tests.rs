use super::*;

/// A peer that lets through what a rule says; each attempt's size and whether it was the second.
async fn climbed(mut through: impl FnMut(u64, bool) -> Tried) -> (Result<Climbed, Because>, Vec<(u64, bool)>) {
    let mut asked = Vec::new();
    let climbed = climb(16 << 10, async |rung: Rung| {
        asked.push((rung.size, rung.again));
        Ok(through(rung.size, rung.again))
    })
    .await;
    (climbed, asked)
}

fn refused(status: u16) -> Tried {
    Tried { status: Some(status), ..Tried::nothing() }
}

fn outcome(climbed: &Result<Climbed, Because>) -> (Result<Ladder, Reason>, u64, Option<u64>) {
    let climbed = climbed.as_ref().unwrap();
    (climbed.outcome.clone().map_err(|because| because.reason), climbed.passed, climbed.failed.as_ref().map(|(size, _)| *size))
}

#[tokio::test]
async fn a_limit_is_told_by_the_sizes_it_lies_between() {
    for limit in [3_000_u64, 4_096, 9_999] {
        let (told, asked) = climbed(|size, _| if size <= limit { Tried::through() } else { refused(413) }).await;
        let (outcome, passed, failed) = outcome(&told);
        assert_eq!((outcome, failed), (Ok(Ladder::Limited), Some(passed * 2)), "{limit}");
        assert!(passed <= limit && limit < passed * 2, "{limit} between {passed} and {failed:?}");
        assert_eq!(asked.last(), Some(&(passed * 2, true)), "what failed was tried again");
    }
}

#[tokio::test]
async fn without_a_limit_every_size_is_tried_once() {
    let (told, asked) = climbed(|_, _| Tried::through()).await;
    assert_eq!((outcome(&told), asked.len()), ((Ok(Ladder::Passed), 16 << 10, None), 5));
}

#[tokio::test]
async fn what_gets_through_at_the_second_try_was_no_limit() {
    let (told, _) = climbed(|size, again| if size < 4_096 || again { Tried::through() } else { Tried::nothing() }).await;
    assert_eq!(outcome(&told), (Ok(Ladder::Unsteady), 2_048, Some(4_096)));
}

#[tokio::test]
async fn what_takes_no_such_request_has_no_limit_unless_it_says_so() {
    // 400 is also what a server says to a body that comes with GET, to a PROXY line, and to plain text where it wants TLS.
    for (status, expected) in [
        (400, Ladder::Unwelcome),
        (403, Ladder::Unwelcome),
        (405, Ladder::Unwelcome),
        (429, Ladder::Unwelcome),
        (413, Ladder::Limited),
        (414, Ladder::Limited),
        (431, Ladder::Limited),
    ] {
        assert_eq!(outcome(&climbed(|_, _| refused(status)).await.0), (Ok(expected), 0, Some(1_024)), "{status}");
    }
    assert_eq!(outcome(&climbed(|_, _| Tried::nothing()).await.0).0, Ok(Ladder::Unwelcome));
}

#[tokio::test]
async fn after_smaller_sizes_got_through_a_limit_of_requests_and_a_broken_upstream_speak_of_something_else() {
    for (status, expected) in
        [(400, Ok(Ladder::Limited)), (502, Ok(Ladder::Upstream)), (429, Err(Reason::Blocked)), (503, Err(Reason::Blocked))]
    {
        let (told, _) = climbed(|size, _| if size < 4_096 { Tried::through() } else { refused(status) }).await;
        assert_eq!(outcome(&told), (expected, 2_048, Some(4_096)), "{status}");
    }
}

#[tokio::test]
async fn a_short_time_is_no_limit() {
    let (told, _) = climbed(|size, _| if size < 4_096 { Tried::through() } else { Tried::late() }).await;
    assert_eq!(outcome(&told), (Err(Reason::Deadline), 2_048, None));
    let (told, _) = climbed(|size, again| {
        if size < 4_096 {
            Tried::through()
        } else if again {
            Tried::late()
        } else {
            Tried::nothing()
        }
    })
    .await;
    assert_eq!(outcome(&told).0, Err(Reason::Deadline));
    assert_eq!(climbed(|_, _| Tried::late()).await.0.unwrap_err().reason, Reason::Deadline);
}

#[tokio::test(start_paused = true)]
async fn what_is_silent_for_longer_than_smaller_sizes_take_is_limited() {
    // Each size takes as long as it is large, as over a slow line.
    let line = |size: u64| Duration::from_millis(size / 2);
    for (swallows, expected) in [(false, Ok(Ladder::Passed)), (true, Ok(Ladder::Limited))] {
        let deadline = Deadline::new(Duration::from_secs(60), clock::now() + Duration::from_secs(60));
        let told = climb(16 << 10, async |rung: Rung| {
            let (limit, patient) = rung.limit(&deadline);
            let sent = tokio::time::sleep(if swallows && rung.size > 4_096 { Duration::MAX } else { line(rung.size) });
            Ok(tokio::time::timeout_at(limit.at(), sent).await.map_or(Tried::ran_out(patient), |()| Tried::through()))
        });
        assert_eq!(outcome(&told.await).0, expected, "{swallows}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_at_the_end_of_the_probes_own_time_is_no_limit() {
    let deadline = Deadline::new(Duration::from_secs(3), clock::now() + Duration::from_secs(60));
    let told = climb(16 << 10, async |rung: Rung| {
        let (limit, patient) = rung.limit(&deadline);
        let sent = tokio::time::sleep(if rung.size > 1_024 { Duration::MAX } else { Duration::ZERO });
        Ok(tokio::time::timeout_at(limit.at(), sent).await.map_or(Tried::ran_out(patient), |()| Tried::through()))
    });
    assert_eq!(outcome(&told.await), (Err(Reason::Deadline), 1_024, Some(2_048)), "the second try had no time");
}
