//! A healthy local preflight side by side with `openclaw gateway probe --json`, interleaved in one run.
//!
//! `cargo bench --bench preflight` prints the median wall time, CPU time and peak memory of both, and the ratios; it fails when
//! one of them is beyond its goal. It needs the parts of `tests/lab/install.sh all`.

#![expect(clippy::disallowed_methods, reason = "a bench reads time and the environment")]
#![expect(dead_code, reason = "shares files with the tests, which use all of them")]

#[path = "../tests/peers/again.rs"]
mod again;
#[path = "../tests/peers/gateway.rs"]
mod gateway;
#[path = "../tests/house/machine.rs"]
mod machine;
#[path = "../tests/peers/namespace.rs"]
mod namespace;
#[path = "../tests/peers/parts.rs"]
mod parts;
#[path = "../tests/peers/scenario.rs"]
mod scenario;

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// Pairs measured; an odd number, so that the median is one of them.
const PAIRS: usize = 11;
/// Runs of ours per run of theirs: it is short enough that more of them make the median calm.
const OURS_PER_PAIR: usize = 5;

/// The goals: ours at most this much of theirs in wall time and CPU time, and at most so much memory at its peak (10 MB).
const WALL: f64 = 0.006;
const CPU: f64 = 0.004;
const PEAK_MIB: f64 = 10e6 / 1_048_576.0;

/// How often the memory of a process is looked at: its peak only grows, so the last look before the end is close to it.
const BETWEEN_LOOKS: Duration = Duration::from_micros(300);

/// What one run took.
#[derive(Clone, Copy)]
struct Cost {
    wall_ms: f64,
    cpu_ms: f64,
    peak_mib: f64,
}

fn main() -> ExitCode {
    if let Some(status) = namespace::enter() {
        return status;
    }
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), String> {
    if !parts::node().is_file() || !parts::openclaw(gateway::CURRENT).is_file() {
        println!("skipped: openclaw {} is not installed (tests/lab/install.sh all)", gateway::CURRENT);
        return Ok(());
    }
    let _inside = namespace::own();
    let mut peer = gateway::Gateway::start("token")?;
    peer.wait(true)?;
    let url = format!("ws://127.0.0.1:{}", peer.port);
    let ours = || {
        let mut c = command(&peer, env!("CARGO_BIN_EXE_clawprobe"));
        c.args(["preflight", "--gateway", &url]).env("OPENCLAW_GATEWAY_TOKEN", gateway::TOKEN);
        c
    };
    let theirs = || {
        let mut c = command(&peer, &parts::node().display().to_string());
        c.arg(parts::openclaw(gateway::CURRENT))
            .args(["gateway", "probe", "--json"])
            .env("OPENCLAW_GATEWAY_TOKEN", gateway::TOKEN);
        c.env("OPENCLAW_STATE_DIR", peer.folder.path().join("client"))
            .env("OPENCLAW_CONFIG_PATH", peer.folder.path().join("openclaw.json"));
        c
    };
    for mut warm in [ours(), theirs()] {
        cost(&mut warm)?;
    }
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        for _ in 0..OURS_PER_PAIR {
            a.push(cost(&mut ours())?);
        }
        b.push(cost(&mut theirs())?);
    }
    println!("{:<28}{:>12}{:>12}{:>12}", "median", "wall ms", "CPU ms", "peak MiB");
    let (ours, theirs) = (median(&a), median(&b));
    for (name, c) in [("clawprobe preflight", ours), ("openclaw gateway probe", theirs)] {
        println!("{name:<28}{:>12.1}{:>12.1}{:>12.1}", c.wall_ms, c.cpu_ms, c.peak_mib);
    }
    let ratio = |x: fn(Cost) -> f64| x(ours) / x(theirs);
    let (wall, cpu) = (ratio(|c| c.wall_ms), ratio(|c| c.cpu_ms));
    println!("{:<28}{wall:>12.4}{cpu:>12.4}{:>12.4}", "ratio", ratio(|c| c.peak_mib));
    println!("{:<28}{WALL:>12.4}{CPU:>12.4}{PEAK_MIB:>8.1} MiB", "goal");
    if wall > WALL || cpu > CPU || ours.peak_mib > PEAK_MIB {
        return Err(String::from("a goal is missed"));
    }
    Ok(())
}

fn command(peer: &gateway::Gateway, program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", peer.folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Runs a command to its end, which must be a good one, and reads what it took from the kernel.
fn cost(command: &mut Command) -> Result<Cost, String> {
    let begun = Instant::now();
    let child = command.spawn().map_err(|e| format!("{command:?}: {e}"))?;
    let watch = std::thread::spawn({
        let status = format!("/proc/{}/status", child.id());
        move || peak_kib(&status)
    });
    let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
    // SAFETY: the pointers are valid for the call, and the child is ours and not waited for elsewhere.
    let usage = unsafe {
        libc::wait4(child.id().cast_signed(), &raw mut status, 0, usage.as_mut_ptr());
        usage.assume_init()
    };
    let wall_ms = begun.elapsed().as_secs_f64() * 1e3;
    let peak_kib = watch.join().map_err(|_| String::from("the memory was not read"))?;
    if status != 0 {
        return Err(format!("{command:?} ended with wait status {status}"));
    }
    let ms = |t: libc::timeval| t.tv_sec as f64 * 1e3 + t.tv_usec as f64 / 1e3;
    Ok(Cost { wall_ms, cpu_ms: ms(usage.ru_utime) + ms(usage.ru_stime), peak_mib: peak_kib / 1024.0 })
}

/// The highest resident set of a process until it ends, in KiB.
///
/// What `wait4` tells will not do: on Linux it counts the memory of whoever started the process as well (`exec` keeps the old
/// peak), which is this bench.
fn peak_kib(status: &str) -> f64 {
    let mut peak = 0.0;
    while let Ok(text) = std::fs::read_to_string(status) {
        let Some(now) = text.lines().find_map(|line| line.strip_prefix("VmHWM:")) else { break };
        peak = now.trim().trim_end_matches(" kB").parse().unwrap_or(peak);
        std::thread::sleep(BETWEEN_LOOKS);
    }
    peak
}

fn median(costs: &[Cost]) -> Cost {
    let of = |x: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(x).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Cost { wall_ms: of(|c| c.wall_ms), cpu_ms: of(|c| c.cpu_ms), peak_mib: of(|c| c.peak_mib) }
}
