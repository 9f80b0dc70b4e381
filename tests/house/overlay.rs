//! Overlays: what they may change, where each field then comes from, and how a mistake is answered.

use clawprobe::cli::matrix;
use clawprobe::code::Severity;
use clawprobe::shelf::Shelf;

fn load(text: &str) -> Result<Shelf, String> {
    Shelf::with_overlays(&[("site.toml".to_owned(), text.to_owned())]).map_err(|complaint| complaint.to_string())
}

fn refused(text: &str) -> String {
    load(text).expect_err("this overlay was to be refused")
}

fn code(text: &str) -> clawprobe::code::Code {
    text.parse().unwrap()
}

#[test]
fn weight_and_words_are_altered_and_the_origin_is_kept() {
    let shelf = load("[[alter]]\ncode = \"WS-01\"\nseverity = \"notice\"\nfirst-response = \"Page the edge team.\"\n").unwrap();
    let row = shelf.symptom(&code("WS-01")).unwrap();
    assert_eq!((row.severity, row.first_response.as_str()), (Severity::Notice, "Page the edge team."));
    assert_eq!((row.origin_of("severity"), row.origin_of("title")), ("site.toml", "builtin"));
    let page = matrix::show(&shelf, "WS-01", true, 100).unwrap();
    assert!(page.contains("site.toml") && page.contains("builtin"), "{page}");
    let diff = matrix::diff(&shelf, 120).unwrap();
    assert!(diff.contains("Page the edge team.") && diff.contains("severity"), "{diff}");
    assert_eq!(shelf.origins.iter().map(|o| o.name.as_str()).collect::<Vec<_>>(), ["builtin", "site.toml"]);
}

#[test]
fn the_condition_cannot_be_altered() {
    let answer = refused("[[alter]]\ncode = \"WS-01\"\nwhen = \"true\"\n");
    assert!(
        answer.contains("[[alter]] cannot change `when`") && answer.contains("^^^^") && answer.contains("[[replace]]"),
        "{answer}"
    );
}

#[test]
fn a_mute_needs_a_reason_and_ends() {
    let shelf = load("[[mute]]\ncode = \"LISTEN-03\"\nreason = \"container bridge, audited\"\nuntil = 2026-12-31\n").unwrap();
    assert!(shelf.mute(&code("LISTEN-03"), "2026-12-31T23:59:59Z").is_some());
    assert!(shelf.mute(&code("LISTEN-03"), "2027-01-01T00:00:00Z").is_none());
    assert!(refused("[[mute]]\ncode = \"LISTEN-03\"\n").contains("needs the key `reason`"));
    assert!(refused("[[mute]]\ncode = \"LISTEN-03\"\nreason = \" \"\n").contains("a mute needs a reason"));
    assert!(refused("[[mute]]\ncode = \"LISTEN-03\"\nreason = \"x\"\nuntil = \"soon\"\n").contains("a day such as"));
}

#[test]
fn a_replacement_names_the_row_it_was_written_against() {
    let row = |based: &str| {
        let new = matrix::new(&Shelf::builtin().unwrap(), "X-EDGE-01").unwrap();
        let (_, rest) = new.split_once("+++\n").unwrap();
        let (front, page) = rest.split_once("+++\n").unwrap();
        let front = front.replace("X-EDGE-01", "WS-01");
        format!("[[replace]]\nbased-on = \"{based}\"\n{front}page = '''\n{page}'''\n")
    };
    let now = Shelf::builtin().unwrap().symptom(&code("WS-01")).unwrap().digest.clone();
    let shelf = load(&row(&now)).unwrap();
    assert_eq!(shelf.symptom(&code("WS-01")).unwrap().origin, "site.toml");
    let answer = refused(&row("00000000"));
    assert!(answer.contains("WS-01 has changed since this was written") && answer.contains(&now), "{answer}");
}

#[test]
fn a_row_of_the_sites_own_is_a_whole_row_with_evidence() {
    let file = matrix::new(&Shelf::builtin().unwrap(), "X-EDGE-01").unwrap();
    let own = Shelf::with_overlays(&[(".clawprobe/X-EDGE-01-what-is-wrong.md".to_owned(), file.clone())]).unwrap();
    assert!(own.symptom(&code("X-EDGE-01")).is_some());
    let (_, rest) = file.split_once("+++\n").unwrap();
    let (front, page) = rest.split_once("+++\n").unwrap();
    let table = |page: &str| format!("[[symptom]]\n{front}page = '''\n{page}'''\n");
    assert!(load(&table(page)).is_ok());
    assert!(refused(&table("## Why\n\nBecause.\n")).contains("a row needs evidence of `present`"));
    let builtin = table(page).replace("code = \"X-EDGE-01\"", "code = \"WS-77\"");
    assert!(refused(&builtin).contains("WS-77 is not a code of the site's own"));
}

#[test]
fn circles_are_refused_and_printed() {
    let file = matrix::new(&Shelf::builtin().unwrap(), "X-EDGE-01").unwrap();
    let other = file.replace("X-EDGE-01", "X-EDGE-02").replace("explained-by = []", "explained-by = [\"X-EDGE-01\"]");
    let first = file.replace("explained-by = []", "explained-by = [\"X-EDGE-02\"]");
    let answer = |files: [(&str, &str); 2]| {
        Shelf::with_overlays(&files.map(|(name, text)| (name.to_owned(), text.to_owned()))).map(|_| ()).unwrap_err().to_string()
    };
    let unknown = answer([("X-EDGE-01-what-is-wrong.md", &first), ("X-EDGE-02-what-is-wrong.md", &other)]);
    assert!(unknown.contains("there is no code X-EDGE-02"), "{unknown}");
    // Both rows in one overlay: each name is known, and the circle is seen.
    let table = |text: &str| {
        let (_, rest) = text.split_once("+++\n").unwrap();
        let (front, page) = rest.split_once("+++\n").unwrap();
        format!("[[symptom]]\n{front}page = '''\n{page}'''\n")
    };
    let both = refused(&(table(&first) + &table(&other)));
    assert!(
        both.contains("explanations go in a circle: X-EDGE-01 is explained by X-EDGE-02 is explained by X-EDGE-01"),
        "{both}"
    );
}

#[test]
fn a_matrix_may_expect_a_refusal() {
    let cell = "[[expect]]\nmatrix = \"preflight\"\nfact = \"tcp@public.manner\"\nin = [\"refused\", \"silent\"]\nelse = \"LISTEN-04\"\nseverity = \"error\"\n";
    let shelf = load(cell).unwrap();
    assert_eq!(shelf.matrix("preflight").unwrap().expect.len(), 1);
    assert!(
        matrix::show(&shelf, "preflight", false, 100).unwrap().contains("tcp@public.manner in [refused, silent], else LISTEN-04")
    );
    assert!(refused(&cell.replace("manner", "maner")).contains("did you mean `manner`?"));
    assert!(refused(&cell.replace("refused", "refusd")).contains("`refusd` is not one of"));
    assert!(refused(&cell.replace("preflight", "prefligth")).contains("did you mean `preflight`?"));
    assert!(refused(&cell.replace("LISTEN-04", "LISTEN-40")).contains("did you mean `LISTEN-"));
}

#[test]
fn what_is_misspelt_is_underlined_with_the_word_that_was_meant() {
    for (text, wanted) in [
        ("[[altar]]\ncode = \"WS-01\"\n", "did you mean `alter`?"),
        ("[[alter]]\ncode = \"WS-01\"\nseverty = \"notice\"\n", "did you mean `severity`?"),
        ("[[alter]]\ncode = \"WS-01\"\nseverity = \"notise\"\n", "did you mean `notice`?"),
        ("[[alter]]\ncode = \"WZ-01\"\nseverity = \"notice\"\n", "did you mean `WS-01`?"),
        ("[[mute]]\ncode = \"TAILNET-01\"\nreason = \"x\"\n", "has no row yet"),
        ("[site.ticket]\n\"WS-99\" = \"NET-1\"\n", "did you mean `WS-0"),
        ("[[alter]]\ncode = 3\n", "`code` is to be a string"),
        ("[[alter]\n", "not valid TOML"),
        ("schema = 2\n", "schema 1"),
    ] {
        let answer = refused(text);
        assert!(answer.contains(wanted) && answer.contains('^') && answer.contains("site.toml"), "{answer}");
    }
}

#[test]
fn a_mistake_in_a_condition_is_underlined_in_the_file_it_stands_in() {
    let file = matrix::new(&Shelf::builtin().unwrap(), "X-EDGE-01")
        .unwrap()
        .replace("].product == varnish\n'", "].product == varnisch\n'");
    let answer = matrix::lint(&[("X-EDGE-01-what-is-wrong.md".to_owned(), file)]).unwrap_err()[0].to_string();
    assert!(answer.contains("and http@e[probe=health].product == varnisch") && answer.contains("^^^^^^^^"), "{answer}");
}

#[test]
fn evidence_that_proves_too_little_is_named() {
    let file = matrix::new(&Shelf::builtin().unwrap(), "X-EDGE-01").unwrap();
    let start = file.find("```evidence clear\npath here/edge class=edge\nhttp@here/edge[probe=health].outcome = answered\nhttp@here/edge[probe=health].product = nginx").unwrap();
    let end = start + file[start..].find("```\n\n").unwrap() + 5;
    let lacking = file[..start].to_owned() + &file[end..];
    let name = "X-EDGE-01-what-is-wrong.md".to_owned();
    let found = matrix::lint(&[(name.clone(), lacking)]).unwrap_err();
    assert!(found.iter().any(|c| c.to_string().contains("no evidence notices")), "{found:?}");
    let wrong = file.replace("product = nginx", "product = varnish");
    let found = matrix::lint(&[(name, wrong)]).unwrap_err();
    assert!(found[0].to_string().contains("said to be clear and comes to present"), "{}", found[0]);
}

#[test]
fn a_case_is_written_like_a_condition_and_needs_evidence() {
    let file = matrix::new(&Shelf::builtin().unwrap(), "X-EDGE-01").unwrap();
    let lint = |case: &str| {
        let row = file.replace("fault = \"edge/", &format!("in-case = [{case}]\nfault = \"edge/"));
        matrix::lint(&[("X-EDGE-01-what-is-wrong.md".to_owned(), row)]).map_err(|found| found[0].to_string())
    };
    let held = "http@e[probe=health].product == varnish";
    assert!(lint(&format!("{{ when = '{held}', first = 'Ask {{e}}.' }}")).is_ok());
    for (case, says, underlined) in [
        (format!("{{ wen = '{held}', first = 'x' }}"), "did you mean `when`?", "^^^"),
        (format!("{{ when = '{held}' }}"), "needs the key `first`", "^"),
        (format!("{{ when = '{held}', first = ' ' }}"), "this is empty", "^"),
        ("{ when = 'http@e[probe=health].product == varnisch', first = 'x' }".to_owned(), "`varnish`", "^^^^^^^^"),
        (format!("{{ when = '{held}', first = '{{http@e.nothing}}' }}"), "nothing", "^^^^^^^"),
        ("{ when = 'http@e[probe=health].product == nginx', first = 'x' }".to_owned(), "no evidence comes to this case", "^^^^"),
    ] {
        let answer = lint(&case).unwrap_err();
        assert!(answer.contains(says) && answer.contains(underlined), "{case}\n{answer}");
    }
}

#[test]
fn tickets_of_the_site_stand_on_the_page() {
    let shelf = load("[site]\nname = \"ops-eu\"\n[site.ticket]\n\"WS-01\" = \"NET-4711\"\n").unwrap();
    let page = clawprobe::cli::explain::text(&shelf, &["WS-01".to_owned()], 80).unwrap();
    assert!(page.contains("ops-eu: NET-4711"), "{page}");
}

#[test]
fn matrices_and_probes_are_linted_too() {
    let lint = |name: &str, text: &str| matrix::lint(&[(name.to_owned(), text.to_owned())]).map_err(|found| found[0].to_string());
    let mine = "name = \"mine\"\nsummary = \"Mine.\"\nbudget = \"10s\"\nprobes = [\"dns\", \"tcp\"]\nrequire = [\"LISTEN-01\"]\n";
    assert_eq!(lint("mine.toml", mine).unwrap(), "mine.toml: matrix mine\n");
    for (from, to, wanted) in [
        ("\"dns\", ", "", "`tcp` needs `dns`, which does not stand before it"),
        ("LISTEN-01", "NODE-01", "has no row yet"),
        ("LISTEN-01", "LISTEN-99", "there is no code LISTEN-99"),
        ("10s", "10", "lacks its unit"),
        ("tcp", "tpc", "did you mean `tcp`?"),
        ("name = \"mine\"", "name = \"yours\"", "named as its file"),
    ] {
        let answer = lint("mine.toml", &mine.replace(from, to)).unwrap_err();
        assert!(answer.contains(wanted) && answer.contains('^'), "{answer}");
    }
    let probe = "id = \"mine\"\nprimitive = \"http\"\nsummary = \"Mine.\"\npaths = [\"local\"]\nneeds = [\"tcp\"]\ndeadline = \"1s\"\n\
                 [with]\nprobe = \"health\"\npath = \"/live\"\n";
    assert_eq!(lint("mine.toml", probe).unwrap(), "mine.toml: probe mine\n");
    for (from, to, wanted) in [
        ("\"http\"", "\"htpp\"", "did you mean `http`?"),
        ("\"health\"", "\"helth\"", "is not one of"),
        ("path =", "route =", "knows no parameter `route`"),
        ("\"tcp\"", "\"tpc\"", "there is no probe `tpc`"),
        ("\"local\"", "\"locale\"", "did you mean `local`?"),
    ] {
        let answer = lint("mine.toml", &probe.replace(from, to)).unwrap_err();
        assert!(answer.contains(wanted) && answer.contains('^'), "{answer}");
    }
}
