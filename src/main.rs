//! The thin binary: call the library, exit.

fn main() -> std::process::ExitCode {
    clawprobe::cli::main().into()
}
