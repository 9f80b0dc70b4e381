use super::*;

/// A connection by its fate, beginning and age, and the silences at its end and before, all in seconds.
fn held(fate: Fate, begun: f64, age: f64, (client, server): (f64, f64), survived: (f64, f64, f64)) -> Held {
    Held {
        fate,
        let_in: false,
        close_code: None,
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
    let verdict = Verdict::of(all);
    (verdict.clock.unwrap(), verdict.counts)
}

/// Why no clock is told.
fn untold(all: &[Held]) -> &'static str {
    Verdict::of(all).clock.unwrap_err()
}

fn after(all: &[Held]) -> (f64, f64) {
    Verdict::of(all).setting.map(|(least, most)| (least / 1e3, most / 1e3)).unwrap()
}

use Fate::{CloseFrame, Fin, NoPong, Reset, ResetOnWrite, Survived};

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
fn all_end_at_one_age_busy_or_not_it_is_a_lifetime() {
    let all = [silent(Fin, 0.0, 8.0), silent(Fin, 6.0, 8.0), both(Fin, 8.1), pings(Reset, 8.0), silent(Survived, 0.0, 6.0)];
    assert_eq!((clock(&all), after(&all)), ((Clock::Lifetime, None), (8.0, 8.0)));
    let unsaid = [silent(NoPong, 0.0, 9.0), both(NoPong, 8.5), silent(Survived, 0.0, 6.0), pings(Survived, 7.0)];
    assert_eq!(clock(&unsaid).0, Clock::Lifetime);
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

#[test]
fn the_gateways_own_end_is_no_death() {
    let own = |code, age| Held { close_code: Some(code), ..silent(CloseFrame, 0.0, age) };
    assert_eq!(clock(&[own(1000, 15.0), silent(Survived, 0.0, 12.0)]).0, Clock::Gateway);
    assert_eq!(clock(&[own(1000, 15.0), both(Survived, 40.0)]).0, Clock::Unseen);
    assert_eq!(clock(&[own(1012, 7.0), own(1012, 2.0), both(Survived, 40.0)]).0, Clock::Gateway);
    assert_eq!(clock(&[own(1001, 15.0), both(Survived, 40.0)]).0, Clock::Idle);
}

#[test]
fn all_that_were_open_end_at_once_it_is_a_reload() {
    let reload =
        [silent(Fin, 0.0, 7.0), silent(Fin, 5.0, 2.0), both(Fin, 7.0), silent(Survived, 7.1, 9.0), silent(Survived, 0.0, 3.0)];
    assert_eq!(clock(&reload).0, Clock::Reload);
    let through = [&reload[..], &[pings(Survived, 20.0)]].concat();
    assert_eq!(untold(&through), LOST, "one lived through it");
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
            let verdict = Verdict::of(&all);
            prop_assert_eq!(verdict.clock, Ok(Clock::Idle));
            let (least, most) = verdict.setting.unwrap();
            prop_assert!((least - t * 1e3).abs() < 1.0 && (most - t * 1e3).abs() < 1.0);
        }
    }
}
