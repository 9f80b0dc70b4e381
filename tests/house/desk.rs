//! A desk to run the real binary at: an empty home directory, an empty environment, and no peer.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A directory that is home and working directory at once.
pub struct Desk(tempfile::TempDir);

/// What a command did.
pub struct Done {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Desk {
    pub fn new() -> Self {
        super::machine::watch();
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let file = self.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, content).unwrap();
        file
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// The binary with these arguments, nothing in its environment but a home.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clawprobe"));
        command.args(args).current_dir(self.path()).env_clear().env("HOME", self.path()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Done {
        self.command(args).output().unwrap().into()
    }

    pub fn run_with(&self, args: &[&str], stdin: &str) -> Done {
        let mut child = self.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Whoever refuses the command line does not read on: a broken pipe here is no failure of the test.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap().into()
    }

    /// Every file below the desk with its content.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut open, mut all) = (vec![self.path().to_owned()], Vec::new());
        while let Some(dir) = open.pop() {
            for entry in std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()) {
                if entry.is_dir() {
                    open.push(entry)
                } else {
                    all.push((entry.clone(), std::fs::read(&entry).unwrap_or_default()))
                }
            }
        }
        all.sort();
        all
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Done {
    /// The texts of the user that the complaint underlines.
    pub fn underlined(&self) -> Vec<String> {
        let lines: Vec<&str> = self.err.lines().collect();
        let carets = lines.windows(2).filter(|pair| pair[1].contains('^') && pair[1].trim_start().starts_with('|'));
        let under = |pair: &[&str]| {
            let at = pair[1].chars().position(|c| c == '^').unwrap();
            let count = pair[1].chars().skip(at).take_while(|c| *c == '^').count();
            pair[0].chars().skip(at).take(count).collect()
        };
        carets.map(under).collect()
    }
}

/// A port of this machine at which nobody listens.
pub fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
