use super::reach::Needed;
use super::verdict::{ALONE, AT_ONCE_OR_OLD, DARK, GONE, HIDDEN, LOST, UNTRIED};
use super::*;
use crate::facts::tables::timer::Reach;

/// A connection by its fate, beginning and age, and the silences at its end and before, all in seconds.
fn held(fate: Fate, begun: f64, age: f64, (client, server): (f64, f64), survived: (f64, f64, f64)) -> Held {
    Held {
        fate,
        let_in: false,
        close_code: None,
        own_end: false,
        hidden: false,
        begun: begun * 1e3,
        age: age * 1e3,
        client: client * 1e3,
        server: server * 1e3,
        survived_either: survived.0 * 1e3,
        survived_client: survived.1 * 1e3,
        survived_server: survived.2 * 1e3,
    }
}

fn silent(fate: Fate, begun: f64, age: f64) -> Held {
    let survived = if fate == Fate::Survived { (age, age, age) } else { (0.0, 0.0, 0.0) };
    held(fate, begun, age, (age, age), survived)
}

/// One that speaks every second, and is answered.
fn both(fate: Fate, age: f64) -> Held {
    held(fate, 0.0, age, (0.5, 0.5), (1.0, 1.0, 1.0))
}

/// One that speaks every second, and is not answered.
fn pings(fate: Fate, age: f64) -> Held {
    let survived = if fate == Fate::Survived { age } else { 0.0 };
    held(fate, 0.0, age, (0.5, age), (0.0, 0.0, survived))
}

fn clock(all: &[Held]) -> (Clock, Option<Counts>) {
    let verdict = Verdict::of(all, 0.0);
    (verdict.clock.unwrap(), verdict.counts)
}

/// Why no clock is told.
fn untold(all: &[Held]) -> String {
    Verdict::of(all, 0.0).clock.unwrap_err()
}

fn after(all: &[Held]) -> (f64, f64) {
    Verdict::of(all, 0.0).setting.map(|(least, most)| (least / 1e3, most / 1e3)).unwrap()
}

use Fate::{CloseFrame, Fin, NoPong, NotOpened, Reset, ResetOnWrite, Survived, Unreadable};

#[test]
fn quiet_ones_end_and_busy_ones_stay_it_is_silence() {
    let all = [silent(Fin, 0.0, 18.0), silent(Survived, 0.0, 12.0), both(Survived, 38.0), pings(Survived, 38.0)];
    assert_eq!(clock(&all), (Clock::Idle, Some(Counts::ClientToo)));
    assert_eq!(after(&all), (18.0, 18.0));
    // A word of the gateway's after 7 s put the end off.
    let spoken_to = held(Fin, 5.0, 25.0, (25.0, 18.0), (7.0, 7.0, 7.0));
    assert_eq!(clock(&[&all[..], &[spoken_to]].concat()), (Clock::Idle, Some(Counts::Either)));
    // And here it did not.
    let unheard = held(Fin, 5.0, 18.0, (18.0, 11.0), (7.0, 7.0, 7.0));
    assert_eq!(clock(&[&all[..], &[unheard]].concat()), (Clock::Idle, Some(Counts::Client)));
}

#[test]
fn our_words_alone_do_not_keep_every_connection_alive() {
    let all = [silent(Fin, 0.0, 9.0), both(Survived, 20.0), pings(Fin, 9.1)];
    assert_eq!(clock(&all), (Clock::Idle, Some(Counts::NotClient)));
    let spoken_to = held(Fin, 0.0, 13.0, (13.0, 9.0), (4.0, 4.0, 4.0));
    assert_eq!(clock(&[&all[..], &[spoken_to]].concat()), (Clock::Idle, Some(Counts::Server)));
    let spoken_to = held(Fin, 0.0, 9.0, (9.0, 5.0), (4.0, 4.0, 4.0));
    assert_eq!(clock(&[&all[..], &[spoken_to]].concat()), (Clock::Idle, Some(Counts::Each)));
}

#[test]
fn the_gateways_words_alone_do_not_keep_every_connection_alive() {
    // Broadcasts to everybody kept the gateway from being silent long enough where the client spoke.
    let spoken_to = held(Fin, 0.0, 22.0, (22.0, 2.0), (18.0, 20.0, 18.0));
    let pings = held(Survived, 0.0, 46.0, (0.5, 12.0), (1.0, 1.0, 18.0));
    assert_eq!(clock(&[spoken_to, both(Survived, 46.0), pings]), (Clock::Idle, Some(Counts::NotServer)));
}

#[test]
fn all_end_at_one_age_busy_or_not_it_is_a_lifetime() {
    let all = [silent(Fin, 0.0, 8.0), silent(Fin, 6.0, 8.0), both(Fin, 8.1), pings(Reset, 8.0), silent(Survived, 0.0, 6.0)];
    assert_eq!((clock(&all), after(&all)), ((Clock::Lifetime, None), (8.0, 8.0)));
    // Nobody says so, and one that was begun later is as old.
    let unsaid = [silent(NoPong, 0.0, 9.0), both(NoPong, 8.5), silent(Survived, 0.0, 6.0), silent(NoPong, 10.0, 8.5)];
    assert_eq!((clock(&unsaid).0, after(&unsaid)), (Clock::Lifetime, (8.0, 8.5)));
    // Or lived when those were gone.
    let unsaid = [silent(NoPong, 0.0, 9.0), both(NoPong, 8.5), silent(Survived, 4.0, 7.0)];
    assert_eq!(clock(&unsaid).0, Clock::Lifetime);
}

#[test]
fn all_of_one_age_end_in_one_moment_it_is_a_lifetime_or_the_way_was_lost() {
    let dark = [silent(NoPong, 0.0, 9.0), both(NoPong, 8.5), silent(Survived, 0.0, 6.0), pings(Survived, 7.0)];
    assert_eq!(untold(&dark), AT_ONCE_OR_OLD);
    // A wide span of one that was begun later says as little.
    assert_eq!(untold(&[&dark[..], &[silent(NoPong, 3.0, 9.0)]].concat()), AT_ONCE_OR_OLD);
    // That none could be opened afterwards does.
    assert_eq!(untold(&[&dark[..], &[silent(NotOpened, 9.0, 0.0)]].concat()), GONE);
    // And so does one that grew older.
    assert_eq!(untold(&[&dark[..], &[silent(Survived, 9.5, 12.0)]].concat()), DARK);
}

#[test]
fn a_quiet_one_alone_tells_no_clock() {
    assert_eq!(untold(&[silent(Fin, 0.0, 2.0)]), ALONE);
    assert_eq!(after(&[silent(Fin, 0.0, 2.0)]), (2.0, 2.0));
    assert_eq!(clock(&[silent(Survived, 0.0, 3.0)]), (Clock::Unseen, None));
}

#[test]
fn an_unsaid_end_lies_between_what_survived_and_what_did_not() {
    for fate in [NoPong, ResetOnWrite] {
        let all = [silent(Survived, 0.0, 3.0), silent(Survived, 0.0, 6.0), silent(fate, 0.0, 9.0), both(Survived, 20.0)];
        assert_eq!((clock(&all).0, after(&all)), (Clock::Forgotten, (6.0, 9.0)));
    }
}

/// As they count when the direct path showed these.
fn beside(direct: &[Held], all: &[Held]) -> Vec<Held> {
    let limits = Limits::of(all, direct);
    let mut all = all.to_vec();
    all.iter_mut().for_each(|held| limits.settle(held));
    all
}

/// One that is ended with a code.
fn closed(code: i64, age: f64) -> Held {
    Held { close_code: Some(code), ..silent(CloseFrame, 0.0, age) }
}

/// One that was let in.
fn entered(held: Held) -> Held {
    Held { let_in: true, ..held }
}

#[test]
fn the_gateways_own_end_is_no_death() {
    let of = |all: &[Held]| clock(&beside(&[], all)).0;
    let word = |age| Held { own_end: true, ..entered(closed(1012, age)) };
    assert_eq!(of(&[closed(1000, 15.0), silent(Survived, 0.0, 12.0)]), Clock::Gateway);
    assert_eq!(of(&[closed(1000, 15.0), entered(both(Survived, 40.0))]), Clock::Unseen);
    assert_eq!(of(&[word(7.0), word(2.0), entered(both(Survived, 40.0))]), Clock::Gateway);
    assert_eq!(of(&[closed(1001, 15.0), entered(both(Survived, 40.0))]), Clock::Idle);
    assert_eq!(of(&[closed(1012, 7.0), entered(both(Survived, 40.0))]), Clock::Idle, "a code without the gateway's words");
}

#[test]
fn a_code_of_the_gateways_at_another_time_is_somebody_elses() {
    let idle = [closed(1000, 5.0), entered(both(Survived, 40.0)), Held { client: 500.0, ..closed(1000, 15.0) }];
    for direct in [&[][..], &[closed(1000, 15.0)]] {
        let all = beside(direct, &idle);
        assert_eq!((clock(&all).0, after(&all)), (Clock::Idle, (5.0, 5.0)));
    }
    // Whoever was let in is not ended with it at all.
    let late = [entered(closed(1000, 15.0)), entered(both(Survived, 40.0))];
    assert_eq!(clock(&beside(&[closed(1000, 15.0)], &late)).0, Clock::Idle);
    // The direct path has another limit than is known, or none.
    let own = [closed(1000, 6.1), silent(Survived, 0.0, 3.0)];
    assert_eq!(clock(&beside(&[closed(1000, 6.0)], &own)).0, Clock::Gateway);
    let never = [silent(Fin, 0.0, 15.0), both(Survived, 40.0)];
    assert_eq!(clock(&beside(&[silent(Survived, 0.0, 60.0)], &never)).0, Clock::Idle);
    // Without a direct path whoever was let in and lives on tells it, and old releases are known.
    assert_eq!(clock(&beside(&[], &[&own[..], &[entered(both(Survived, 40.0))]].concat())).0, Clock::Unseen);
    assert_eq!(clock(&beside(&[], &[closed(1000, 10.0), silent(Survived, 0.0, 3.0)])).0, Clock::Gateway);
    assert_eq!(untold(&beside(&[], &[closed(1000, 2.0)])), ALONE);
}

#[test]
fn an_edge_that_hides_the_gateways_close_frame_has_no_lifetime() {
    let fin = [silent(Fin, 0.0, 15.0), both(Fin, 15.1), pings(Reset, 15.0), silent(Survived, 0.0, 12.0)];
    for direct in [&[][..], &[closed(1000, 15.0)]] {
        assert_eq!(clock(&beside(direct, &fin)).0, Clock::Gateway);
    }
    let other = beside(&[closed(1000, 6.0)], &fin);
    assert_eq!(untold(&other), AT_ONCE_OR_OLD, "the direct path has another limit");
    // It does not even end.
    let kept = [silent(NoPong, 0.0, 30.0), both(NoPong, 15.5), silent(Survived, 0.0, 12.0)];
    assert_eq!(untold(&beside(&[closed(1000, 15.0)], &kept)), HIDDEN);
    // What is lost before that is no secret of the gateway's.
    let all = beside(&[closed(1000, 15.0)], &[silent(NoPong, 0.0, 6.0), both(Survived, 20.0), silent(NoPong, 0.0, 30.0)]);
    assert_eq!((clock(&all).0, after(&all)), (Clock::Forgotten, (1.0, 6.0)));
}

#[test]
fn all_that_were_open_end_at_once_it_is_a_reload() {
    let open = [silent(Fin, 0.0, 7.0), silent(Fin, 5.0, 2.0), both(Fin, 7.0), silent(Survived, 0.0, 3.0)];
    let reload = [&open[..], &[silent(NotOpened, 7.0, 0.0), silent(Survived, 7.1, 9.0)]].concat();
    assert_eq!(clock(&reload).0, Clock::Reload);
    let through = [&reload[..], &[pings(Survived, 20.0)]].concat();
    assert_eq!(untold(&through), LOST, "one lived through it");
    // Without one that lived afterwards nothing was loaded anew.
    assert_eq!(untold(&open), UNTRIED);
    assert_eq!(clock(&[&open[..], &[silent(NotOpened, 8.0, 0.0)]].concat()).0, Clock::Gone);
    assert_eq!(untold(&[&open[..], &[silent(NotOpened, 2.0, 0.0)]].concat()), UNTRIED, "refused before");
    // A ping was on its way when the rest ended.
    let crossed = Held { fate: ResetOnWrite, ..both(Fin, 7.0) };
    assert_eq!(clock(&[&open[..], &[crossed, silent(NotOpened, 8.0, 0.0)]].concat()).0, Clock::Gone);
}

#[test]
fn a_gateway_that_ends_all_by_word_and_lets_nobody_in_afterwards_is_gone() {
    let word = |begun, age| Held { own_end: true, begun: begun * 1e3, ..entered(closed(1012, age)) };
    // The last one was begun when the end was announced, and is no sign of life.
    let ended = [word(0.0, 8.4), word(5.0, 3.5), word(8.3, 0.2), silent(Survived, 0.0, 3.0)];
    assert_eq!(clock(&ended).0, Clock::Gateway, "nobody tried");
    assert_eq!(clock(&[&ended[..], &[silent(NotOpened, 8.5, 0.0)]].concat()).0, Clock::Gone);
    let again = [silent(NotOpened, 8.5, 0.0), silent(Survived, 10.0, 3.0)];
    assert_eq!(clock(&[&ended[..], &again].concat()).0, Clock::Gateway, "it came back");
    assert_eq!(clock(&[word(0.0, 8.4), silent(NotOpened, 8.5, 0.0), silent(Survived, 0.0, 20.0)]).0, Clock::Gateway);
}

#[test]
fn what_a_clock_that_was_late_cannot_tell_apart_is_not_told() {
    // The gateway's word after 2 s put the end off or not: the two are told apart by 2 s.
    let all =
        [silent(Fin, 0.0, 3.0), held(Fin, 0.0, 3.0, (3.0, 1.0), (2.0, 2.0, 2.0)), both(Survived, 20.0), pings(Survived, 20.0)];
    let of = |late| Verdict::of(&all, late);
    assert_eq!((of(0.0).clock, of(0.0).counts), (Ok(Clock::Idle), Some(Counts::Client)));
    assert_eq!(of(300.0), of(0.0), "that late it can still tell");
    let busy = of(2_000.0);
    assert_eq!(busy.clock, Err(String::from("this machine was busy: its own clock was 2 s late")));
    assert_eq!(busy.how().unwrap(), "after 3 s; this machine was busy: its own clock was 2 s late");
    // What is plain is told by any clock.
    let plain = [silent(Fin, 0.0, 18.0), both(Survived, 38.0), pings(Survived, 38.0)];
    assert_eq!(Verdict::of(&plain, 2_000.0), Verdict::of(&plain, 0.0));
    // Whether the gateway's word counts is of no weight where the client's do.
    let soon = [&plain[..], &[held(Fin, 0.0, 18.8, (18.8, 18.0), (0.8, 0.8, 0.8))]].concat();
    assert_eq!(clock(&soon), (Clock::Idle, Some(Counts::Either)));
    let busy = Verdict::of(&soon, 600.0);
    assert_eq!((busy.clock, busy.counts), (Ok(Clock::Idle), Some(Counts::ClientToo)));
}

#[test]
fn what_is_known_is_told_in_words_whether_or_not_a_clock_is() {
    let how = |all: &[Held]| Verdict::of(all, 0.0).how().unwrap();
    assert_eq!(how(&[silent(Fin, 0.0, 2.0), both(Survived, 20.0)]), "after 2 s without a byte, while busy ones lived on");
    let forgotten = [silent(Survived, 0.0, 3.0), silent(NoPong, 0.0, 6.0), both(Survived, 20.0)];
    assert_eq!(how(&forgotten), "after a silence of between 3 s and 6 s, while busy ones lived on");
    assert_eq!(how(&[silent(Fin, 0.0, 2.0)]), format!("after 2 s; {ALONE}"));
    assert_eq!(how(&[silent(NoPong, 0.0, 3.0)]), format!("after at most 3 s; {ALONE}"));
    assert_eq!(how(&[silent(Fin, 0.0, 7.0), silent(Fin, 5.0, 2.0), both(Fin, 7.0)]), UNTRIED);
    assert_eq!(Verdict::of(&[silent(Survived, 0.0, 3.0)], 0.0).how(), None);
}

#[test]
fn what_we_do_not_take_is_no_witness() {
    let all = [silent(Unreadable, 0.0, 4.0), both(Unreadable, 2.0)];
    assert!(all.iter().all(|held| held.witness() == Witness::Nothing));
    assert_eq!(clock(&[&all[..], &[silent(Survived, 0.0, 3.0)]].concat()).0, Clock::Unseen);
    // Neither did it live until then as far as anybody knows.
    let idle = [silent(Fin, 0.0, 2.0), both(Survived, 20.0)];
    assert_eq!(after(&[&idle[..], &all].concat()), (2.0, 2.0));
}

#[test]
fn ends_at_any_time_are_no_clock() {
    let all = [silent(Fin, 0.0, 7.0), both(Fin, 3.0), silent(Survived, 0.0, 12.0), pings(Survived, 20.0)];
    assert_eq!(untold(&all), LOST);
}

#[test]
fn a_timer_that_rang_as_the_gateway_was_about_to_speak_hits() {
    let of = |after: f64, counts, pings| {
        let verdict = Verdict { clock: Ok(Clock::Idle), setting: Some((after * 1e3, after * 1e3)), counts: Some(counts) };
        reach(&verdict, Needed { silence: 25e3, pings })
    };
    let at = |after| of(after, Counts::Either, true);
    assert_eq!([at(24.0), at(25.4), at(25.6)], [Some(Reach::Hits), Some(Reach::Hits), Some(Reach::KeptAlive)]);
    assert_eq!(of(45.0, Counts::Each, false), Some(Reach::Hits), "whoever is not pinged says nothing");
    assert_eq!(of(45.0, Counts::Server, false), Some(Reach::KeptAlive));
}

mod random {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_timer_of_silence_is_told_whatever_it_is_and_whenever_the_gateway_spoke(
            t in 2.0_f64..45.0,
            spoke in proptest::collection::vec(0.0_f64..30.0, 0..6),
        ) {
            let mut all = vec![silent(Fin, 0.0, t), both(Survived, 2.0 * t + 2.0), pings(Survived, 2.0 * t + 2.0)];
            all.extend(spoke.iter().map(|at| {
                let at = at.min(t - 0.1);
                held(Fin, 1.0, at + t, (at + t, t), (at, at, at))
            }));
            let verdict = Verdict::of(&all, 0.0);
            prop_assert_eq!(verdict.clock, Ok(Clock::Idle));
            let (least, most) = verdict.setting.unwrap();
            prop_assert!((least - t * 1e3).abs() < 1.0 && (most - t * 1e3).abs() < 1.0);
        }
    }
}
