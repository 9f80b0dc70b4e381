//! Measured time on a busy machine. What a run took says nothing of a product while others take its share of the cores, so what
//! is expected of a time and missed among others is asked once more alone. Nothing else is.

use std::io::Write;
use std::sync::{PoisonError, RwLock};

/// Held by everybody who plays, and alone by who plays again.
static CROWD: RwLock<()> = RwLock::new(());

/// Does something that others may do beside it.
pub fn among<T>(work: impl FnOnce() -> T) -> T {
    let _one = CROWD.read().unwrap_or_else(PoisonError::into_inner);
    work()
}

/// How often everything is played: as often as `CLAWPROBE_TIMES` says, to find what fails now and then.
pub fn times() -> usize {
    std::env::var("CLAWPROBE_TIMES").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Plays among others; what misses a measured time is played once more when all others have ended, which a line of the log says.
pub fn patiently<T>(name: &str, measured: bool, play: impl Fn() -> Result<T, String>) -> Result<T, String> {
    let why = match among(&play) {
        Err(why) if measured => why,
        ended => return ended,
    };
    let _alone = CROWD.write().unwrap_or_else(PoisonError::into_inner);
    let _ = writeln!(std::io::stderr(), "repeated {name} alone; among others: {}", why.replace('\n', "\n    "));
    play().map_err(|again| format!("{again}\namong others: {}", why.lines().next().unwrap_or_default()))
}

/// Two plays at once never hold each other up, a repetition is alone, and only a measured time is repeated.
pub fn control() -> Result<(), String> {
    let plays = std::cell::Cell::new(0);
    let second = |measured| {
        plays.set(0);
        patiently("control::again", measured, || {
            plays.set(plays.get() + 1);
            if plays.get() == 2 { Ok(()) } else { Err(String::from("late")) }
        })
    };
    let (logic, time) = ((second(false), plays.get()), (second(true), plays.get()));
    let never = patiently("control::again", true, || Err::<(), _>(String::from("wrong")));
    match (logic, time, never) {
        ((Err(why), 1), (Ok(()), 2), Err(both)) if why == "late" && both == "wrong\namong others: wrong" => Ok(()),
        other => Err(format!("{other:?}")),
    }
}
