use super::*;

/// A peer that lets through what a rule says; each attempt's size and whether it was the second.
async fn climbed(mut through: impl FnMut(u64, bool) -> Tried) -> (Result<Climbed, Because>, Vec<(u64, bool)>) {
    let mut asked = Vec::new();
    let climbed = climb(16 << 10, async |size, again| {
        asked.push((size, again));
        Ok(through(size, again))
    })
    .await;
    (climbed, asked)
}

fn refused(status: u16) -> Tried {
    Tried { status: Some(status), ..Tried::nothing() }
}

fn outcome(climbed: &Result<Climbed, Because>) -> (Ladder, u64, Option<u64>) {
    let climbed = climbed.as_ref().unwrap();
    (climbed.outcome, climbed.passed, climbed.failed.as_ref().map(|(size, _)| *size))
}

#[tokio::test]
async fn a_limit_is_told_by_the_sizes_it_lies_between() {
    for limit in [3_000_u64, 4_096, 9_999] {
        let (told, asked) = climbed(|size, _| if size <= limit { Tried::through() } else { refused(413) }).await;
        let (outcome, passed, failed) = outcome(&told);
        assert_eq!((outcome, failed), (Ladder::Limited, Some(passed * 2)), "{limit}");
        assert!(passed <= limit && limit < passed * 2, "{limit} between {passed} and {failed:?}");
        assert_eq!(asked.last(), Some(&(passed * 2, true)), "what failed was tried again");
    }
}

#[tokio::test]
async fn without_a_limit_every_size_is_tried_once() {
    let (told, asked) = climbed(|_, _| Tried::through()).await;
    assert_eq!((outcome(&told), asked.len()), ((Ladder::Passed, 16 << 10, None), 5));
}

#[tokio::test]
async fn what_gets_through_at_the_second_try_was_no_limit() {
    let (told, _) = climbed(|size, again| if size < 4_096 || again { Tried::through() } else { Tried::nothing() }).await;
    assert_eq!(outcome(&told), (Ladder::Unsteady, 2_048, Some(4_096)));
}

#[tokio::test]
async fn what_takes_no_such_request_has_no_limit_unless_it_says_so() {
    for (status, expected) in [(403, Ladder::Unwelcome), (405, Ladder::Unwelcome), (413, Ladder::Limited), (431, Ladder::Limited)]
    {
        assert_eq!(outcome(&climbed(|_, _| refused(status)).await.0), (expected, 0, Some(1_024)), "{status}");
    }
    assert_eq!(outcome(&climbed(|_, _| Tried::nothing()).await.0).0, Ladder::Unwelcome);
}

#[tokio::test]
async fn a_short_time_is_no_limit() {
    let (told, _) = climbed(|size, _| if size < 4_096 { Tried::through() } else { Tried::late() }).await;
    assert_eq!(outcome(&told), (Ladder::Short, 2_048, None));
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
    assert_eq!(outcome(&told).0, Ladder::Short);
    assert_eq!(climbed(|_, _| Tried::late()).await.0.unwrap_err().reason, Reason::Deadline);
}
