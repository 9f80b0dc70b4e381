//! The walls between modules, held over the sources: who may know what, and no way around it by re-export or macro.

use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A wall: what stands behind it, and the only modules that may know that.
struct Wall {
    /// Path prefixes that are behind the wall.
    behind: &'static [&'static str],
    /// Top modules that may name them; for single files the file's stem.
    knows: &'static [&'static str],
    /// Why, as ARCHITECTURE.md has it.
    because: &'static str,
}

/// Modules that touch the world or drive those that do. Everything else is pure, and knows none of them.
const WORLD: &[&str] = &["probe", "run", "reference", "proof", "cli", "settings", "clock", "main", "lib"];

/// Constants of the build that stand behind a wall by their name only.
const CONSTANTS: &[&str] = &["std::env::consts"];

const WALLS: &[Wall] = &[
    Wall {
        behind: &[
            "tokio",
            "tokio_tungstenite",
            "tokio_rustls",
            "httparse",
            "rcgen",
            "hyper",
            "hyper_util",
            "hickory_resolver",
            "socket2",
            "rustls",
            "netstat2",
            "sysinfo",
        ],
        knows: &["probe", "run", "reference", "cli", "clock", "openclaw", "own"],
        because: "only what touches the world waits on it",
    },
    Wall { behind: &["crate::probe"], knows: &["probe", "run", "lib"], because: "only a run starts a probe" },
    Wall {
        behind: &["crate::run"],
        knows: &["run", "cli", "proof", "lib"],
        because: "everything after the facts is a pure function of them",
    },
    Wall {
        behind: &["crate::reference"],
        knows: &["reference", "proof", "cli", "lib"],
        because: "a stand-in is started by a command, not by a judgement",
    },
    Wall { behind: &["crate::proof"], knows: &["proof", "cli", "lib"], because: "what is being proven does not know its proof" },
    Wall {
        behind: &["crate::clock"],
        knows: &["clock", "probe", "run", "reference", "proof", "cli", "lib"],
        because: "a judgement does not depend on when it is made",
    },
    Wall {
        behind: &["crate::settings"],
        knows: &["settings", "proof", "cli", "lib"],
        because: "settings are read once, at the rim",
    },
    Wall { behind: &["crate::cli"], knows: &["cli", "main", "lib"], because: "nothing inside knows the command line" },
    Wall {
        behind: &["crate::report"],
        knows: &["report", "cli", "lib"],
        because: "neither a run nor a judgement knows a printer",
    },
    Wall {
        behind: &["crate::judge"],
        knows: &["judge", "shelf", "plan", "report", "proof", "cli", "lib"],
        because: "facts are what was seen, whatever is made of them",
    },
    Wall { behind: &["std::env"], knows: &["settings"], because: "one reader of the environment" },
    Wall { behind: &["std::time::Instant", "std::time::SystemTime"], knows: &["clock"], because: "one reader of time" },
    // A second interruption ends a process that cannot end by itself.
    Wall { behind: &["std::process::exit"], knows: &["main", "cli"], because: "one exit" },
    Wall {
        behind: &["std::fs", "std::process", "std::net::TcpStream", "std::net::TcpListener", "std::net::UdpSocket", "std::os"],
        knows: &["probe", "settings", "own", "regular", "record", "cli", "main", "reference"],
        because: "what judges and tells does not touch the machine",
    },
];

#[test]
fn every_wall_stands() {
    let found = violations(&sources());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Names that only Unix has.
const UNIX: &[&str] = &["UnixStream", "UnixListener", "UnixDatagram", "std::os::unix"];

/// Files whose module is declared for one system only.
const ONE_SYSTEM: &[&str] = &["src/probe/owner/procfs.rs", "src/probe/unix/tests.rs"];

/// Whether a line's item is for Unix only: the line before an import says so, or one since the last item at the margin ended.
fn stands_apart(lines: &[&str], at: usize) -> bool {
    let says = |line: &&str| line.contains("cfg(") && (line.contains("unix") || line.contains("target_os"));
    let from = lines[..at].iter().rposition(|line| *line == "}").map_or(0, |end| end + 1);
    let item = if lines[at].starts_with("use ") { &lines[at.saturating_sub(1)..at] } else { &lines[from..at] };
    item.iter().any(says)
}

#[test]
fn what_only_unix_has_is_compiled_there_only() {
    let mut found = Vec::new();
    for (name, text) in sources().iter().filter(|(name, _)| !ONE_SYSTEM.contains(&name.as_str())) {
        let lines: Vec<&str> = text.lines().collect();
        let uses = lines.iter().enumerate().filter(|(_, line)| UNIX.iter().any(|word| line.contains(word)));
        found.extend(uses.filter(|(at, _)| !stands_apart(&lines, *at)).map(|(at, line)| format!("{name}:{}: {line}", at + 1)));
    }
    assert!(found.is_empty(), "without #[cfg(unix)]:\n{}", found.join("\n"));
    let planted = ["#[cfg(unix)]", "fn f() {}", "}", "use tokio::net::UnixStream;", "fn g() {", "    UnixStream::connect();"];
    assert!(!stands_apart(&planted, 3) && !stands_apart(&planted, 5));
}

#[test]
fn a_planted_violation_of_each_wall_is_found() {
    for wall in WALLS {
        for behind in wall.behind {
            let outsider = ["judge", "facts", "openclaw"].into_iter().find(|m| !wall.knows.contains(m)).unwrap();
            let (head, last) = behind.rsplit_once("::").unwrap_or(("", behind));
            let grouped = if head.is_empty() {
                format!("use {{{last} as x, std::fmt}};")
            } else {
                format!("use {head}::{{fmt, {last} as x}};")
            };
            for planted in [
                format!("use {behind};"),
                grouped,
                format!("fn f() {{ let _ = {behind}::g(); }}"),
                format!("pub use {behind} as other;"),
                format!("macro_rules! m {{ () => {{ {behind}::g() }} }}"),
                format!("fn f() {{ println!(\"{{}}\", {behind}::g()); }}"),
            ] {
                let file = (format!("src/{outsider}/planted.rs"), planted.clone());
                assert!(!violations(&[file]).is_empty(), "not found: {planted} in {outsider}");
            }
        }
    }
}

#[test]
fn a_way_around_is_found() {
    for (file, text) in [
        ("src/probe/planted.rs", "#[macro_export] macro_rules! wait { () => { tokio::time::sleep() } }"),
        ("src/lib.rs", "#[macro_use] pub mod probe;"),
        ("src/lib.rs", "pub use probe::dial;"),
        ("src/lib.rs", "pub use crate::run::execute;"),
        ("src/judge/planted.rs", "use crate::*;"),
        ("src/judge/planted.rs", "use super::super::probe::dial;"),
    ] {
        assert!(!violations(&[(file.into(), text.into())]).is_empty(), "not found: {text} in {file}");
    }
}

#[test]
fn what_only_sounds_alike_is_allowed() {
    let fine = "use crate::shelf::probe::Probe; fn f(step: &Step) { let probe = &step.probe; g(probe); h(\"tokio::spawn\"); } // crate::probe";
    assert_eq!(violations(&[("src/plan/fine.rs".into(), fine.into())]), Vec::<String>::new());
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join("src")];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            if entry.is_dir() {
                open.push(entry);
            } else if entry.extension().is_some_and(|x| x == "rs") {
                let name = entry.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                files.push((name, std::fs::read_to_string(&entry).unwrap()));
            }
        }
    }
    assert!(files.len() > 40, "the sources were found");
    files
}

fn violations(files: &[(String, String)]) -> Vec<String> {
    files.iter().flat_map(|(name, text)| violations_of(name, text)).collect()
}

fn violations_of(name: &str, text: &str) -> Vec<String> {
    let Ok(tokens) = text.parse::<TokenStream>() else { return vec![format!("{name}: does not parse")] };
    let module: Vec<String> =
        name.trim_start_matches("src/").trim_end_matches(".rs").split('/').filter(|s| *s != "mod").map(str::to_owned).collect();
    let top = module[0].clone();
    let mut scan =
        Scan { module: if top == "lib" || top == "main" { Vec::new() } else { module }, paths: Vec::new(), marks: Vec::new() };
    scan.stream(&without_tests(tokens));
    let mut found: Vec<String> = Vec::new();
    for path in scan.paths.iter().filter(|p| !CONSTANTS.iter().any(|c| p.starts_with(c))) {
        for wall in WALLS.iter().filter(|w| !w.knows.contains(&top.as_str())) {
            if wall.behind.iter().any(|b| path == b || path.starts_with(&format!("{b}::"))) {
                found.push(format!("{name}: {path}: {}", wall.because));
            }
        }
        if path == "crate::*" || path == "super::*" && !WORLD.contains(&top.as_str()) && scan.module.len() < 2 {
            found.push(format!("{name}: {path}: a glob of the crate's root hides what is known"));
        }
    }
    for mark in &scan.marks {
        match mark.as_str() {
            "macro_export" if top != "labels" => {
                found.push(format!("{name}: an exported macro stands at the crate's root, past every wall"))
            }
            "macro_use" => found.push(format!("{name}: macro_use carries macros past every wall")),
            "pub use" if top == "lib" => found.push(format!("{name}: a re-export at the root leads around the walls")),
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The tokens without `#[cfg(test)] mod … { … }`: tests may wait, read files and know everything.
fn without_tests(tokens: TokenStream) -> Vec<TokenTree> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut kept = Vec::new();
    let mut at = 0;
    while at < trees.len() {
        let test = matches!(&trees[at], TokenTree::Punct(p) if p.as_char() == '#')
            && matches!(trees.get(at + 1), Some(TokenTree::Group(g)) if g.stream().to_string().replace(' ', "") == "cfg(test)");
        if test {
            at += 2;
            while at < trees.len()
                && !matches!(&trees[at], TokenTree::Group(g) if g.delimiter() == Delimiter::Brace)
                && !matches!(&trees[at], TokenTree::Punct(p) if p.as_char() == ';')
            {
                at += 1;
            }
        } else {
            kept.push(trees[at].clone());
        }
        at += 1;
    }
    kept
}

/// Collects every path named in a file, `use` groups opened, `self` and `super` resolved.
struct Scan {
    module: Vec<String>,
    paths: Vec<String>,
    marks: Vec<String>,
}

impl Scan {
    fn stream(&mut self, trees: &[TokenTree]) {
        let mut at = 0;
        while at < trees.len() {
            match &trees[at] {
                TokenTree::Ident(word) if word == "use" => {
                    let end = (at..trees.len()).find(|&i| is_punct(trees.get(i), ';')).unwrap_or(trees.len());
                    if at > 0 && matches!(&trees[at - 1], TokenTree::Ident(i) if i == "pub") {
                        self.marks.push("pub use".into());
                    }
                    self.tree(&trees[at + 1..end], &[]);
                    at = end;
                }
                TokenTree::Ident(word) => {
                    let name = word.to_string();
                    if name == "macro_use" || name == "macro_export" {
                        self.marks.push(name.clone());
                    }
                    let mut path = vec![name];
                    while is_punct(trees.get(at + 1), ':') && is_punct(trees.get(at + 2), ':') {
                        let Some(TokenTree::Ident(next)) = trees.get(at + 3) else { break };
                        path.push(next.to_string());
                        at += 3;
                    }
                    if path.len() > 1 {
                        self.add(&path);
                    }
                }
                TokenTree::Group(group) => self.stream(&group.stream().into_iter().collect::<Vec<_>>()),
                _ => {}
            }
            at += 1;
        }
    }

    /// One `use` tree: segments, then perhaps a group or a star.
    fn tree(&mut self, trees: &[TokenTree], prefix: &[String]) {
        let mut path = prefix.to_vec();
        for tree in trees {
            match tree {
                TokenTree::Ident(word) if word == "as" => break,
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    for part in inner.split(|t| is_punct(Some(t), ',')).filter(|p| !p.is_empty()) {
                        self.tree(part, &path);
                    }
                    return;
                }
                TokenTree::Punct(p) if p.as_char() == '*' => path.push("*".into()),
                _ => {}
            }
        }
        self.add(&path);
    }

    fn add(&mut self, path: &[String]) {
        let mut base = self.module.clone();
        let mut rest = path;
        let relative = matches!(rest.first().map(String::as_str), Some("self" | "super"));
        while let Some(first) = rest.first() {
            match first.as_str() {
                "self" => {}
                "super" => drop(base.pop()),
                _ => break,
            }
            rest = &rest[1..];
        }
        let whole: Vec<String> = if relative {
            ["crate".to_owned()].into_iter().chain(base).chain(rest.iter().cloned()).collect()
        } else {
            path.to_vec()
        };
        self.paths.push(whole.join("::"));
    }
}

fn is_punct(tree: Option<&TokenTree>, which: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(p)) if p.as_char() == which)
}
